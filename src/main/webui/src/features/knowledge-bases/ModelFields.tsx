import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { again, oneQuery } from '@/api/queries'
import { isMissing } from '@/api/problem'
import { Field, Input, Select } from '@/ui/fields'

interface Offered { providers: { id: string; name?: string; models: (string | { id: string })[] }[] }

/** Providers every server may be given; which of them this one has, it tells itself where it can. */
const KNOWN: Offered = { providers: [{ id: 'built-in', models: [] }, { id: 'openai', models: ['gpt-5-mini', 'gpt-5'] }, { id: 'anthropic', models: [] }, { id: 'gemini', models: [] }] }

/** Provider and model; the list of models follows the provider. */
export function ModelFields({ provider, model, onChange, errors = {} }: { provider: string; model: string; onChange: (next: { provider: string; model: string }) => void; errors?: { provider?: string | undefined; model?: string | undefined } }) {
  const { t } = useTranslation()
  const list = useId()
  const query = useQuery({ ...oneQuery<Offered>('/providers'), staleTime: 300_000, retry: (n, e) => !isMissing(e) && again(n, e) })
  const { providers } = query.data ?? KNOWN
  const models = (providers.find(p => p.id === provider)?.models ?? []).map(m => (typeof m === 'string' ? m : m.id))
  const known = providers.some(p => p.id === provider)
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label={t('model.provider')} error={errors.provider}>
        {bind => (
          <Select {...bind} value={provider} onChange={event => {
            const next = providers.find(p => p.id === event.target.value)?.models[0]
            onChange({ provider: event.target.value, model: next === undefined ? '' : typeof next === 'string' ? next : next.id })
          }}>
            <option value="">{t('model.default')}</option>
            {providers.map(p => <option key={p.id} value={p.id}>{p.name ?? t(`model.provider_${p.id}`, { defaultValue: p.id })}</option>)}
            {!known && provider && <option value={provider}>{t(`model.provider_${provider}`, { defaultValue: provider })}</option>}
          </Select>
        )}
      </Field>
      <Field label={t('model.model')} error={errors.model}>
        {bind => (
          <>
            <Input {...bind} list={list} value={model} disabled={!provider} placeholder={t('model.modelDefault')} autoComplete="off" onChange={event => onChange({ provider, model: event.target.value })} />
            <datalist id={list}>{models.map(m => <option key={m} value={m} />)}</datalist>
          </>
        )}
      </Field>
    </div>
  )
}
