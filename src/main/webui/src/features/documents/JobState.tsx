import { useTranslation } from 'react-i18next'
import type { Job } from '@/api/types'
import { Badge, Progress, type Tone } from '@/ui/bits'

const TONE: Record<Job['status'], Tone> = { pending: 'quiet', processing: 'accent', completed: 'good', failed: 'bad', cancelled: 'warn' }

export function JobState({ job }: { job: Job }) {
  const { t } = useTranslation()
  if (job.status === 'processing') {
    const stage = t(`documents.stage.${job.stage ?? 'staged'}`)
    return (
      <span className="flex items-center gap-2 text-12 text-muted">
        <span className="w-16 shrink-0"><Progress value={job.progress} label={`${job.fileName}: ${stage}`} /></span>
        <span className="figures truncate">{stage}{job.chunksTotal ? ` ${job.chunksDone}/${job.chunksTotal}` : ''}</span>
      </span>
    )
  }
  return <Badge tone={TONE[job.status]}>{t(`documents.status.${job.status}`)}</Badge>
}
