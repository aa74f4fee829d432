import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api } from '@/api/client'
import { embeddedQuery, oneQuery } from '@/api/queries'
import type { KnowledgeBase } from '@/api/types'
import { useJobEvents } from '@/features/documents/useJobEvents'
import { date, number } from '@/lib/format'
import { Progress } from '@/ui/bits'
import { Button } from '@/ui/button'
import { Field, Select } from '@/ui/fields'
import { Section } from '@/ui/page'
import { Remote, Skeleton } from '@/ui/states'

/** Which model turns passages into vectors, and how far they are on their way to another. */
export function EmbeddingSettings({ kbId }: { kbId: string }) {
  useJobEvents(kbId)
  const query = useQuery(embeddedQuery(kbId))
  return <Remote query={query} skeleton={<Skeleton className="h-48 rounded-12" />}>{kb => <EmbeddingForm key={kb.id} kb={kb} />}</Remote>
}

function EmbeddingForm({ kb }: { kb: KnowledgeBase }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const models = useQuery({ ...oneQuery('/models'), staleTime: 300_000 })
  const [wanted, setWanted] = useState('')
  const keep = (saved: KnowledgeBase) => {
    setWanted('')
    client.setQueryData(embeddedQuery(kb.id).queryKey, saved)
  }
  const failed = (e: Error) => toast.error(e.message || t('state.failed'))
  const change = useMutation({ mutationFn: () => api.put('/knowledge-bases/{kbId}', { path: { kbId: kb.id }, body: { embeddingModel: wanted } }), onSuccess: keep, onError: failed })
  const cancel = useMutation({ mutationFn: () => api.delete('/knowledge-bases/{kbId}/embedding-change', { path: { kbId: kb.id } }), onSuccess: keep, onError: failed })
  const going = kb.embeddingChange
  const offers = models.data?.embedders ?? []
  const known = offers.some(offer => offer.model === kb.embeddingModel)
  return (
    <form onSubmit={event => { event.preventDefault(); change.mutate() }}>
      <Section title={t('embedding.title')} text={t('embedding.text')}
        footer={going
          ? <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>{t('embedding.cancel')}</Button>
          : <Button type="submit" variant="primary" disabled={!wanted || wanted === kb.embeddingModel} busy={change.isPending}>{t('embedding.change')}</Button>}>
        <Field label={t('embedding.model')} {...(!known && models.data && { error: t('embedding.unknown') })}>
          {bind => (
            <Select {...bind} value={going ? going.model : wanted || kb.embeddingModel} disabled={Boolean(going)} onChange={event => setWanted(event.target.value)}>
              {!known && <option value={kb.embeddingModel}>{kb.embeddingModel}</option>}
              {offers.map(offer => <option key={offer.model} value={offer.model}>{t('embedding.offer', { model: offer.model, dimensions: number(offer.dimensions) })}</option>)}
            </Select>
          )}
        </Field>
        {going && (
          <div className="grid gap-1.5" aria-live="polite">
            <Progress value={going.percent} label={t('embedding.progress')} />
            <p className="text-13 text-muted">{t('embedding.going', { from: kb.embeddingModel, done: number(going.passagesDone), total: going.passagesTotal === null ? '…' : number(going.passagesTotal) })}</p>
            {going.error && <p className="text-13 text-bad">{going.error}{going.retryAt && ` ${t('embedding.again', { time: date(going.retryAt) })}`}</p>}
          </div>
        )}
      </Section>
    </form>
  )
}
