import { Check, Copy, Search } from 'lucide-react'
import { useState, type ComponentProps, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from '@/lib/cx'
import { Button } from './button'
import { Input } from './fields'

export type Tone = 'quiet' | 'good' | 'warn' | 'bad' | 'accent'
const TONES: Record<Tone, string> = { quiet: 'bg-raised text-muted', good: 'bg-good-soft text-good', warn: 'bg-warn-soft text-warn', bad: 'bg-bad-soft text-bad', accent: 'bg-soft text-accent' }

export const Badge = ({ tone = 'quiet', children }: { tone?: Tone; children: ReactNode }) => (
  <span className={cx('inline-flex items-center gap-1 rounded-4 px-1.5 py-px text-12 font-medium whitespace-nowrap', TONES[tone])}>{children}</span>
)

export function Progress({ value, label }: { value: number; label: string }) {
  return (
    <div role="progressbar" aria-label={label} aria-valuenow={Math.round(value)} aria-valuemin={0} aria-valuemax={100} className="h-1.5 w-full overflow-hidden rounded-4 bg-raised">
      <div className="h-full rounded-4 bg-accent transition-[width]" style={{ width: `${Math.max(2, Math.min(100, value))}%` }} />
    </div>
  )
}

/** The first letter on a colour of its own. */
export function Avatar({ name, seed, size = 32 }: { name: string; seed: string; size?: number }) {
  let hash = 7
  for (const c of seed) hash = (hash * 31 + c.codePointAt(0)!) % 360
  return (
    <span aria-hidden className="grid shrink-0 place-items-center rounded-8 font-semibold" style={{ width: size, height: size, fontSize: size * 0.44, background: `oklch(from var(--soft) l .05 ${hash})`, color: `oklch(from var(--accent) l .12 ${hash})` }}>
      {[...name.trim()][0]?.toUpperCase() ?? '?'}
    </span>
  )
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation()
  const [done, setDone] = useState(false)
  return (
    <Button variant="quiet" icon={done ? Check : Copy} onClick={() => {
      void navigator.clipboard.writeText(text).then(() => {
        setDone(true)
        setTimeout(() => setDone(false), 1500)
      })
    }}>{done ? t('common.copied') : (label ?? t('common.copy'))}</Button>
  )
}

/** Something to copy whole. */
export function CopyField({ label, value, lines = 1 }: { label: string; value: string; lines?: number }) {
  return (
    <div className="grid gap-1">
      <div className="flex items-center justify-between"><span className="text-13 font-medium">{label}</span><CopyButton text={value} /></div>
      <pre tabIndex={0} aria-label={label} className={cx('overflow-x-auto rounded-6 border border-line bg-raised px-3 py-2 text-12', lines > 1 ? 'whitespace-pre' : 'whitespace-nowrap')}>{value}</pre>
    </div>
  )
}

export function SearchBox({ label, ...rest }: ComponentProps<'input'> & { label: string }) {
  return (
    <div className="relative w-full sm:w-64">
      <Search size={15} aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-muted" />
      <Input type="search" aria-label={label} placeholder={label} className="pl-8" {...rest} />
    </div>
  )
}
