import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Ban, Download, FileText, FileUp, FolderOpen, RefreshCw, RotateCcw, Trash2 } from 'lucide-react'
import { useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'
import { api, raw } from '@/api/client'
import { documentsQuery } from '@/api/queries'
import type { KbDocument } from '@/api/types'
import { cx } from '@/lib/cx'
import { bytes, date, number } from '@/lib/format'
import { Button } from '@/ui/button'
import { SearchBox } from '@/ui/bits'
import { Segments } from '@/ui/fields'
import { Confirm } from '@/ui/overlay'
import { Facts, Page, Peek } from '@/ui/page'
import { Notice, Remote, SkeletonRows } from '@/ui/states'
import { Table, type Column } from '@/ui/table'
import { DropZone } from './DropZone'
import { DocumentText } from './DocumentText'
import { JobState } from './JobState'
import { upload } from './uploads'
import { useJobEvents } from './useJobEvents'

export const FILTERS = ['all', 'working', 'ready', 'failed'] as const
export type Filter = (typeof FILTERS)[number]

const matches = (filter: Filter, { job }: KbDocument) =>
  filter === 'all' || (filter === 'working' ? job.status === 'pending' || job.status === 'processing' : filter === 'ready' ? job.status === 'completed' : job.status === 'failed' || job.status === 'cancelled')

interface Props {
  kbId: string
  open: string | undefined
  filter: Filter
  q: string
  at: string | undefined
  onChange: (next: { open?: string | undefined; filter?: Filter; q?: string }) => void
}

export function DocumentsScreen({ kbId, open, filter, q, at, onChange }: Props) {
  const { t } = useTranslation()
  useJobEvents(kbId)
  const query = useQuery(documentsQuery(kbId))
  const rows = useMemo(() => {
    const words = q.toLowerCase()
    return (query.data ?? []).filter(d => matches(filter, d) && (!words || `${d.title} ${d.fileName}`.toLowerCase().includes(words))).toReversed()
  }, [query.data, filter, q])
  const chosen = query.data?.find(d => d.id === open)
  const columns: Column<KbDocument>[] = [
    { key: 'title', title: t('documents.document'), width: 'minmax(0,1fr)', cell: d => (
      <span className="flex min-w-0 items-center gap-2.5"><FileText size={16} aria-hidden className="shrink-0 text-muted" />
        <button type="button" className="truncate text-left font-medium hover:underline" onClick={event => { event.stopPropagation(); onChange({ open: d.id }) }}>{d.title}</button></span>) },
    { key: 'state', title: t('documents.state'), width: 'minmax(120px,200px)', phone: 'minmax(80px,40%)', cell: d => <JobState job={d.job} /> },
    { key: 'passages', title: t('documents.passages'), width: '80px', align: 'right', hideOnPhone: true, cell: d => (d.passages ? number(d.passages) : '–') },
    { key: 'size', title: t('documents.size'), width: '80px', align: 'right', hideOnPhone: true, cell: d => bytes(d.size) },
    { key: 'added', title: t('documents.added'), width: '180px', align: 'right', hideOnPhone: true, cell: d => <span className="figures text-muted">{date(d.job.createdAt)}</span> },
  ]
  const none = query.data?.length === 0
  return (
    <Page title={t('nav.documents')} text={t('documents.about')}
      toolbar={!query.isError ? (
        // Its place is kept where there is nothing to look through: before the list is read nobody knows.
        <div className={cx('contents', none && 'invisible')}>
          <SearchBox label={t('documents.search')} value={q} onChange={event => onChange({ q: event.target.value })} />
          <Segments label={t('documents.state')} value={filter} onChange={value => onChange({ filter: value })} options={FILTERS.map(value => ({ value, text: t(`documents.filter.${value}`) }))} />
        </div>
      ) : undefined}
      peek={chosen && <DocumentPeek key={chosen.id} kbId={kbId} document={chosen} at={at} onClose={() => onChange({ open: undefined })} />}>
      <div className="grid gap-3">
        {/* One and the same while the list comes: a file may be on its way into it already. */}
        {!query.isError && <DropZone size={none ? 'large' : 'small'} title={t(none ? 'documents.empty' : 'documents.drop')} onFiles={files => upload(kbId, files)} />}
        <Remote query={query} skeleton={<SkeletonRows />}
          empty={all => all.length === 0 && <></>}>
          {() => rows.length === 0
            ? <Notice icon={FolderOpen} title={t('documents.none')} action={<Button onClick={() => onChange({ filter: 'all', q: '' })}>{t('common.showAll')}</Button>} />
            : <Table label={t('nav.documents')} rows={rows} columns={columns} id={d => d.id} open={open} onOpen={d => onChange({ open: d.id })} />}
        </Remote>
      </div>
    </Page>
  )
}

function DocumentPeek({ kbId, document: doc, at, onClose }: { kbId: string; document: KbDocument; at: string | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const file = useRef<HTMLInputElement>(null)
  const path = { kbId, documentId: doc.id }
  const changed = () => client.invalidateQueries({ queryKey: ['kb', kbId] })
  const complain = (e: Error) => toast.error(e.message || t('state.failed'))
  const retry = useMutation({ mutationFn: () => api.post('/knowledge-bases/{kbId}/documents/{documentId}/retry', { path }), onSuccess: changed, onError: complain })
  const cancel = useMutation({ mutationFn: () => api.post('/knowledge-bases/{kbId}/jobs/{jobId}/cancel', { path: { kbId, jobId: doc.job.id } }), onSuccess: changed, onError: complain })
  const replace = useMutation({
    mutationFn: (next: File) => {
      const form = new FormData()
      form.append('file', next, next.name)
      return api.put('/knowledge-bases/{kbId}/documents/{documentId}', { path, body: form })
    },
    onSuccess: () => { toast.success(t('documents.replacing')); return changed() },
    onError: complain,
  })
  const remove = async () => {
    try {
      await api.delete('/knowledge-bases/{kbId}/documents/{documentId}', { path })
      onClose()
      toast.success(t('documents.deleted', { name: doc.title }))
      await changed()
    } catch (e) {
      complain(e as Error)
    }
  }
  const download = async () => {
    try {
      const blob = await (await raw('get', '/knowledge-bases/{kbId}/documents/{documentId}/content', { path })).blob()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(blob)
      link.download = doc.fileName
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    } catch (e) {
      complain(e as Error)
    }
  }
  const working = doc.job.status === 'pending' || doc.job.status === 'processing'
  return (
    <Peek title={doc.title} subtitle={doc.fileName} onClose={onClose}>
      <div className="grid gap-4">
        {doc.job.error && (
          <div role="alert" className="rounded-8 bg-bad-soft px-3 py-2 text-13 text-bad">
            <p className="font-medium">{t('documents.failedBecause')}</p><p>{doc.job.error.detail}</p>
          </div>
        )}
        <div className="flex flex-wrap gap-2">
          {(doc.job.status === 'failed' || doc.job.status === 'cancelled') && <Button variant="primary" icon={RotateCcw} busy={retry.isPending} onClick={() => retry.mutate()}>{t('common.retry')}</Button>}
          {working && <Button icon={Ban} busy={cancel.isPending} onClick={() => cancel.mutate()}>{t('common.cancel')}</Button>}
          <Button icon={Download} onClick={() => void download()}>{t('documents.download')}</Button>
          {!working && <Button icon={replace.isPending ? FileUp : RefreshCw} busy={replace.isPending} onClick={() => file.current?.click()}>{t('documents.replace')}</Button>}
          <Confirm trigger={<Button variant="danger" icon={Trash2}>{t('common.delete')}</Button>} title={t('documents.deleteTitle', { name: doc.title })} text={t('documents.deleteText')} action={t('common.delete')} onConfirm={remove} />
          <input ref={file} type="file" aria-hidden tabIndex={-1} className="sr-only" onChange={event => {
            const next = event.target.files?.[0]
            if (next) replace.mutate(next)
            event.target.value = ''
          }} />
        </div>
        <Facts items={[
          [t('documents.state'), <JobState key="s" job={doc.job} />],
          [t('documents.passages'), number(doc.passages)],
          [t('documents.size'), bytes(doc.size)],
          [t('documents.kind'), doc.mediaType ?? '–'],
          [t('documents.language'), doc.language ?? '–'],
          [t('documents.version'), number(doc.version)],
          [t('documents.added'), date(doc.job.createdAt)],
          ...(doc.job.attempt > 1 ? [[t('documents.attempt'), number(doc.job.attempt)] as [string, string]] : []),
        ]} />
        {doc.searchable && <DocumentText kbId={kbId} documentId={doc.id} version={doc.version} at={at} />}
      </div>
    </Peek>
  )
}
