import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronDown, ChevronUp, CircleAlert, CircleCheck, RotateCcw, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { documentsQuery } from '@/api/queries'
import { bytes, number } from '@/lib/format'
import { IconButton } from '@/ui/iconButton'
import { Progress } from '@/ui/bits'
import { canRetry, dismiss, dismissAll, onArrival, retry, useUploads, type Upload } from './uploads'
import { useJobEvents } from './useJobEvents'

/** What is on its way to the server, on every screen: bytes first, then the server's own stages. */
export function UploadDock() {
  const { t } = useTranslation()
  const uploads = useUploads()
  const client = useQueryClient()
  const [closed, setClosed] = useState(false)
  useEffect(() => onArrival(arrived => {
    void client.invalidateQueries({ queryKey: documentsQuery(arrived.kbId).queryKey })
    void client.invalidateQueries({ queryKey: ['kbs'] })
  }), [client])
  if (uploads.length === 0) return null
  const moving = uploads.filter(u => u.state === 'sending' || u.state === 'waiting').length
  const bases = [...new Set(uploads.map(u => u.kbId))]
  return (
    <section aria-label={t('uploads.title')} className="anim-rise fixed right-0 bottom-0 z-30 w-full border border-line bg-surface shadow-float sm:right-4 sm:bottom-4 sm:w-[380px] sm:rounded-12">
      <header className="flex items-center justify-between gap-2 py-1.5 pr-2 pl-4">
        <h2 className="text-13 font-semibold">{moving > 0 ? t('uploads.sending', { count: moving }) : t('uploads.title')}</h2>
        <div className="flex">
          <IconButton label={closed ? t('uploads.open') : t('uploads.fold')} icon={closed ? ChevronUp : ChevronDown} aria-expanded={!closed} onClick={() => setClosed(!closed)} />
          {moving === 0 && <IconButton label={t('common.close')} icon={X} onClick={dismissAll} />}
        </div>
      </header>
      {!closed && <ul className="max-h-64 overflow-y-auto border-t border-line">{uploads.map(u => <Row key={u.id} upload={u} />)}</ul>}
      {bases.map(kb => <Follow key={kb} kbId={kb} />)}
    </section>
  )
}

function Follow({ kbId }: { kbId: string }) {
  useJobEvents(kbId)
  return null
}

function Row({ upload }: { upload: Upload }) {
  const { t } = useTranslation()
  const { data } = useQuery({ ...documentsQuery(upload.kbId), enabled: upload.state === 'arrived' })
  const job = data?.find(d => d.id === upload.documentId)?.job
  const percent = upload.total > 0 ? (upload.sent / upload.total) * 100 : 0
  const bad = upload.state === 'failed' || upload.state === 'interrupted' || job?.status === 'failed'
  const done = job?.status === 'completed'
  const text = upload.state === 'waiting' ? t('uploads.waiting')
    : upload.state === 'sending' ? `${bytes(upload.sent)} / ${bytes(upload.total)} · ${number(percent)} %`
    : upload.state === 'interrupted' ? t('uploads.interrupted')
    : upload.state === 'failed' ? (upload.problem ?? t('uploads.broken'))
    : job?.status === 'failed' ? (job.error?.detail ?? t('documents.status.failed'))
    : job?.status === 'processing' ? `${t(`documents.stage.${job.stage ?? 'staged'}`)}${job.chunksTotal ? ` ${job.chunksDone}/${job.chunksTotal}` : ''}`
    : t(`documents.status.${job?.status ?? 'pending'}`)
  return (
    <li className="flex items-center gap-2 py-2 pr-2 pl-4 text-13 not-last:border-b not-last:border-line">
      {bad ? <CircleAlert size={16} aria-hidden className="shrink-0 text-bad" /> : done ? <CircleCheck size={16} aria-hidden className="shrink-0 text-good" /> : <span aria-hidden className="anim-beat m-1 size-2 shrink-0 rounded-12 bg-accent" />}
      <div className="grid min-w-0 flex-1 gap-1">
        <span className="truncate">{upload.name}</span>
        {(upload.state === 'sending' || job?.status === 'processing') && <Progress value={upload.state === 'sending' ? percent : (job?.progress ?? 0)} label={upload.name} />}
        <span className={`figures text-12 ${bad ? 'text-bad' : 'text-muted'}`}>{text}</span>
      </div>
      {upload.state === 'failed' && canRetry(upload.id) && <IconButton label={t('common.retry')} icon={RotateCcw} onClick={() => retry(upload.id)} />}
      <IconButton label={upload.state === 'sending' || upload.state === 'waiting' ? t('uploads.cancel', { name: upload.name }) : t('uploads.dismiss', { name: upload.name })} icon={X} onClick={() => dismiss(upload.id)} />
    </li>
  )
}
