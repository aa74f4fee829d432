import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { oneQuery } from '@/api/queries'
import { Field, Input, Select } from '@/ui/fields'

/** Provider and model; the list of models follows the provider. */
export function ModelFields({ provider, model, onChange, errors = {} }: { provider: string; model: string; onChange: (next: { provider: string; model: string }) => void; errors?: { provider?: string | undefined; model?: string | undefined } }) {
  const { t } = useTranslation()
  const list = useId()
  const query = useQuery({ ...oneQuery('/models'), staleTime: 300_000 })
  const providers = query.data?.providers ?? []
  const models = providers.find(p => p.provider === provider)?.models ?? []
  const known = providers.some(p => p.provider === provider)
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label={t('model.provider')} error={errors.provider}>
        {bind => (
          <Select {...bind} value={provider} onChange={event => {
            onChange({ provider: event.target.value, model: providers.find(p => p.provider === event.target.value)?.models[0]?.name ?? '' })
          }}>
            <option value="">{t('model.default')}</option>
            {providers.map(p => <option key={p.provider} value={p.provider}>{t(`model.provider_${p.provider}`, { defaultValue: p.provider })}</option>)}
            {!known && provider && <option value={provider}>{t(`model.provider_${provider}`, { defaultValue: provider })}</option>}
          </Select>
        )}
      </Field>
      <Field label={t('model.model')} error={errors.model}>
        {bind => (
          <>
            <Input {...bind} list={list} value={model} disabled={!provider} placeholder={t('model.modelDefault')} autoComplete="off" onChange={event => onChange({ provider, model: event.target.value })} />
            <datalist id={list}>{models.map(m => <option key={m.name} value={m.name} />)}</datalist>
          </>
        )}
      </Field>
    </div>
  )
}
