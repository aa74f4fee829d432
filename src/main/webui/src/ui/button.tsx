import { LoaderCircle, type LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cx } from '@/lib/cx'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger'
const LOOK: Record<Variant, string> = {
  primary: 'bg-accent text-on-accent font-medium hover:brightness-110 shadow-low',
  secondary: 'bg-surface border border-line hover:bg-raised shadow-low',
  quiet: 'text-muted hover:bg-raised hover:text-fg',
  danger: 'bg-surface border border-line text-bad hover:bg-bad-soft shadow-low',
}

export const buttonLook = (variant: Variant = 'secondary') =>
  cx('control inline-flex items-center justify-center gap-1.5 rounded-6 px-3 text-13 whitespace-nowrap transition-colors select-none disabled:opacity-55 disabled:cursor-default', LOOK[variant])

export function Button({ variant = 'secondary', icon: Icon, busy = false, className, children, disabled, ...rest }: ComponentProps<'button'> & { variant?: Variant; icon?: LucideIcon | undefined; busy?: boolean }) {
  const Mark = busy ? LoaderCircle : Icon
  return (
    <button type="button" className={cx(buttonLook(variant), className)} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {Mark && <Mark size={15} aria-hidden className={cx('shrink-0', busy && 'animate-spin')} />}
      {children}
    </button>
  )
}
