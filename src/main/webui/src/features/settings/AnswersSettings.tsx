import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import type { Problem } from '@/api/problem'
import { baseQuery, ragQuery } from '@/api/queries'
import type { KnowledgeBase, RagConfig } from '@/api/types'
import { ModelFields } from '@/features/knowledge-bases/ModelFields'
import { number } from '@/lib/format'
import { Button } from '@/ui/button'
import { Field, Input, Range, Segments, Select, Switch, Textarea } from '@/ui/fields'
import { Confirm } from '@/ui/overlay'
import { Page, Section } from '@/ui/page'
import { Remote, Skeleton } from '@/ui/states'
import { EmbeddingSettings } from './EmbeddingForm'
import { Tabs } from './Tabs'

/** Values being edited over the saved ones, whatever becomes of those meanwhile; they stay until they are saved or discarded. */
function useDraft<T extends object>(saved: T | undefined) {
  const [draft, setDraft] = useState<Partial<T>>({})
  const changed = Object.fromEntries(Object.entries(draft).filter(([key, value]) => saved && saved[key as keyof T] !== value)) as Partial<T>
  return { value: { ...saved, ...draft } as T, changed, dirty: Object.keys(changed).length > 0, set: (part: Partial<T>) => setDraft(d => ({ ...d, ...part })), reset: () => setDraft({}) }
}

const errorsOf = (error: unknown) => Object.fromEntries(((error as Problem | null)?.errors ?? []).map(e => [e.pointer.slice(1), e.detail]))

export function AnswersSettings({ tenant, kbId }: { tenant: string; kbId: string }) {
  const { t } = useTranslation()
  const base = useQuery(baseQuery(kbId))
  const rag = useQuery(ragQuery(kbId))
  return (
    <Page title={t('nav.settings')} narrow toolbar={<Tabs tenant={tenant} kbId={kbId} tab="answers" />}>
      <Remote query={base} skeleton={<Skeleton className="h-96 rounded-12" />}>{kb => <BaseForm key={kb.id} kb={kb} />}</Remote>
      <Remote query={rag} skeleton={<Skeleton className="h-72 rounded-12" />}>{config => <RagForm key={kbId} kbId={kbId} config={config} />}</Remote>
      <EmbeddingSettings kbId={kbId} />
      {base.data && <Danger tenant={tenant} kb={base.data} />}
    </Page>
  )
}

function BaseForm({ kb }: { kb: KnowledgeBase }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { value, changed, dirty, set, reset } = useDraft(kb)
  const save = useMutation({
    mutationFn: () => api.put('/knowledge-bases/{kbId}', { path: { kbId: kb.id }, body: changed }),
    onMutate: () => client.setQueryData(baseQuery(kb.id).queryKey, { ...kb, ...changed }),
    onSuccess: saved => { reset(); client.setQueryData(baseQuery(kb.id).queryKey, saved); void client.invalidateQueries({ queryKey: ['kbs'] }); toast.success(t('common.saved')) },
    onError: (e: Error) => { client.setQueryData(baseQuery(kb.id).queryKey, kb); toast.error(e.message || t('state.failed')) },
  })
  const errors = errorsOf(save.error)
  return (
    <form onSubmit={event => { event.preventDefault(); if (dirty) save.mutate() }}>
      <Section title={t('answers.title')} text={t('answers.text')}
        footer={<>{dirty && <Button onClick={reset}>{t('common.discard')}</Button>}<Button type="submit" variant="primary" disabled={!dirty} busy={save.isPending}>{t('common.save')}</Button></>}>
        <Field label={t('bases.name')} error={errors.name}>{bind => <Input {...bind} value={value.name} onChange={e => set({ name: e.target.value })} required />}</Field>
        <Field label={t('bases.description')} error={errors.description}>{bind => <Textarea {...bind} rows={2} value={value.description ?? ''} onChange={e => set({ description: e.target.value })} />}</Field>
        <ModelFields provider={value.provider} model={value.model} onChange={set} errors={errors} />
        <Field label={t('answers.prompt')} hint={t('answers.promptHint')} error={errors.systemPrompt}>{bind => <Textarea {...bind} rows={5} value={value.systemPrompt ?? ''} onChange={e => set({ systemPrompt: e.target.value })} />}</Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('answers.temperature')} hint={t('answers.temperatureHint')} error={errors.temperature}>{bind => <Range {...bind} min={0} max={2} step={0.1} value={value.temperature} shown={number(value.temperature, 1)} onChange={e => set({ temperature: Number(e.target.value) })} />}</Field>
          <Field label={t('answers.maxTokens')} error={errors.maxTokens}>{bind => <Input {...bind} type="number" min={1} max={100000} value={value.maxTokens} onChange={e => set({ maxTokens: Number(e.target.value) })} />}</Field>
        </div>
        <Switch label={t('answers.active')} hint={t('answers.activeHint')} checked={value.active} onChange={active => set({ active })} />
      </Section>
    </form>
  )
}

const RERANKS = ['none', 'mmr'] as const satisfies RagConfig['rerank'][]

function RagForm({ kbId, config }: { kbId: string; config: RagConfig }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { value, changed, dirty, set, reset } = useDraft(config)
  const key = ragQuery(kbId).queryKey
  const save = useMutation({
    mutationFn: () => api.put('/knowledge-bases/{kbId}/rag-config', { path: { kbId }, body: changed }),
    onMutate: () => client.setQueryData(key, { ...config, ...changed }),
    onSuccess: saved => { reset(); client.setQueryData(key, saved); toast.success(t('common.saved')) },
    onError: (e: Error) => { client.setQueryData(key, config); toast.error(e.message || t('state.failed')) },
  })
  const errors = errorsOf(save.error)
  const whole = (name: keyof RagConfig, min: number, max: number, hint?: string) => (
    <Field label={t(`rag.${name}`)} hint={hint} error={errors[name]}>{bind => <Input {...bind} type="number" min={min} max={max} value={value[name]} onChange={e => set({ [name]: Number(e.target.value) })} />}</Field>
  )
  return (
    <form onSubmit={event => { event.preventDefault(); if (dirty) save.mutate() }}>
      <Section title={t('rag.title')} text={t('rag.text')}
        footer={<>{dirty && <Button onClick={reset}>{t('common.discard')}</Button>}<Button type="submit" variant="primary" disabled={!dirty} busy={save.isPending}>{t('common.save')}</Button></>}>
        <div className="grid justify-items-start gap-1"><span className="text-13 font-medium">{t('search.mode')}</span><Segments label={t('search.mode')} value={value.mode} onChange={mode => set({ mode })} options={(['hybrid', 'dense', 'keyword'] as const).map(v => ({ value: v, text: t(`search.${v}`) }))} /></div>
        <Field label={t('rag.threshold')} hint={t('rag.thresholdHint')} error={errors.threshold}>{bind => <Range {...bind} min={0} max={1} step={0.01} value={value.threshold} shown={number(value.threshold, 2)} onChange={e => set({ threshold: Number(e.target.value) })} />}</Field>
        {value.mode === 'hybrid' && <Field label={t('rag.denseWeight')} hint={t('rag.denseWeightHint')} error={errors.denseWeight}>{bind => <Range {...bind} min={0} max={1} step={0.05} value={value.denseWeight} shown={number(value.denseWeight, 2)} onChange={e => set({ denseWeight: Number(e.target.value) })} />}</Field>}
        <div className="grid gap-4 sm:grid-cols-2">
          {whole('maxResults', 1, 50)}
          {whole('candidates', 10, 1000)}
          <Field label={t('rag.rerank')} error={errors.rerank}>{bind => <Select {...bind} value={value.rerank} onChange={e => set({ rerank: e.target.value as RagConfig['rerank'] })}>{RERANKS.map(r => <option key={r} value={r}>{t(`rag.rerank_${r}`, { defaultValue: r })}</option>)}</Select>}</Field>
          {whole('contextTokens', 200, 100000)}
          {whole('chunkTokens', 32, 450, t('rag.chunkHint'))}
          {whole('chunkOverlapTokens', 0, 225)}
        </div>
      </Section>
    </form>
  )
}

function Danger({ tenant, kb }: { tenant: string; kb: KnowledgeBase }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const reindex = useMutation({ mutationFn: () => api.post('/knowledge-bases/{kbId}/reindex', { path: { kbId: kb.id } }), onSuccess: () => toast.success(t('danger.reindexed')), onError: (e: Error) => toast.error(e.message || t('state.failed')) })
  return (
    <Section title={t('danger.title')}>
      <div className="flex flex-wrap items-center justify-between gap-3"><p className="max-w-[48ch] text-13 text-muted">{t('danger.reindexText')}</p><Button busy={reindex.isPending} onClick={() => reindex.mutate()}>{t('danger.reindex')}</Button></div>
      <div className="flex flex-wrap items-center justify-between gap-3"><p className="max-w-[48ch] text-13 text-muted">{t('danger.deleteText')}</p>
        <Confirm trigger={<Button variant="danger">{t('danger.delete')}</Button>} title={t('danger.deleteTitle', { name: kb.name })} text={t('danger.deleteText')} action={t('danger.delete')} onConfirm={async () => {
          try {
            await api.delete('/knowledge-bases/{kbId}', { path: { kbId: kb.id } })
            await navigate({ to: '/t/$tenant/kbs', params: { tenant } })
            client.removeQueries({ queryKey: ['kb', kb.id] })
            await client.invalidateQueries({ queryKey: ['kbs'] })
          } catch (e) {
            toast.error((e as Error).message || t('state.failed'))
          }
        }} />
      </div>
    </Section>
  )
}
