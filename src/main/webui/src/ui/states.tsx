import type { UseQueryResult } from '@tanstack/react-query'
import { CircleAlert, CloudOff, Lock, PlugZap, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem, isForbidden, isMissing } from '@/api/problem'
import { cx } from '@/lib/cx'
import { Button } from './button'

export const Skeleton = ({ className }: { className?: string }) => <div aria-hidden className={cx('skeleton', className)} />

/** Rows of the height that real ones will have, so that nothing jumps. */
export const SkeletonRows = ({ rows = 8, height = 36 }: { rows?: number; height?: 36 | 56 | 72 }) => (
  <div aria-hidden className="divide-y divide-line overflow-hidden rounded-8 border border-line bg-surface">
    {Array.from({ length: rows }, (_, i) => (
      <div key={i} className={cx('flex items-center gap-4 px-3', height === 36 ? 'h-9' : height === 56 ? 'h-14' : 'h-18')}>
        <Skeleton className={cx('h-3', ['w-2/5', 'w-1/3', 'w-1/2'][i % 3])} />
        <Skeleton className="ml-auto h-3 w-16" />
      </div>
    ))}
  </div>
)

/** One sentence and one action. */
export function Notice({ icon: Icon, title, text, action, tone = 'quiet', role }: { icon: LucideIcon; title: string; text?: ReactNode; action?: ReactNode; tone?: 'quiet' | 'bad'; role?: 'alert' | 'status' }) {
  return (
    <div role={role} className="anim-fade grid justify-items-center gap-3 px-6 py-16 text-center">
      <span className={cx('grid size-10 place-items-center rounded-12', tone === 'bad' ? 'bg-bad-soft text-bad' : 'bg-raised text-muted')}><Icon size={20} aria-hidden /></span>
      <div className="grid max-w-[420px] gap-1">
        <p className="text-14 font-semibold">{title}</p>
        {text && <p className="text-13 text-muted">{text}</p>}
      </div>
      {action}
    </div>
  )
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation()
  const away = error instanceof Problem && error.status === 0
  const id = error instanceof Problem ? error.requestId : undefined
  return (
    <Notice role="alert" tone="bad" icon={away ? CloudOff : CircleAlert} title={away ? t('state.away') : t('state.failed')}
      text={<>{away ? t('state.awayText') : error instanceof Problem && error.message ? error.message : t('state.failedText')}{id && <span className="mt-1 block font-mono text-11">{t('state.requestId', { id })}</span>}</>}
      action={retry && <Button onClick={retry}>{t('common.retry')}</Button>} />
  )
}

export function NoAccess() {
  const { t } = useTranslation()
  return <Notice icon={Lock} title={t('state.noAccess')} text={t('state.noAccessText')} />
}

export function NotAvailable({ what }: { what?: string }) {
  const { t } = useTranslation()
  return <Notice icon={PlugZap} title={what ? t('state.notAvailableNamed', { what }) : t('state.notAvailable')} text={t('state.notAvailableText')} />
}

/** Every list and every record passes through the same states: loading, failed, not allowed, not offered, empty, there. */
export function Remote<T>({ query, skeleton, empty, what, optional = false, children }: { query: UseQueryResult<T>; skeleton: ReactNode; empty?: (data: T) => ReactNode; what?: string; optional?: boolean; children: (data: T) => ReactNode }) {
  const { t } = useTranslation()
  if (query.data !== undefined) return empty?.(query.data) || children(query.data)
  if (query.isError) {
    if (isForbidden(query.error)) return <NoAccess />
    if (optional && isMissing(query.error)) return <NotAvailable {...(what && { what })} />
    return <Failed error={query.error} retry={() => void query.refetch()} />
  }
  return <div role="status" aria-label={t('state.loading')}>{skeleton}</div>
}
