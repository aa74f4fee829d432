import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cx } from '@/lib/cx'
import { Tip } from './tip'

/** A button that shows only its sign; the label is its name and its tip. */
export function IconButton({ label, icon: Icon, keys, className, ...rest }: Omit<ComponentProps<'button'>, 'children'> & { label: string; icon: LucideIcon; keys?: string }) {
  return (
    <Tip text={label} {...(keys && { keys })}>
      <button type="button" aria-label={label} className={cx('control inline-flex aspect-square min-w-8 items-center justify-center rounded-6 text-muted transition-colors hover:bg-raised hover:text-fg disabled:opacity-50 pointer-coarse:min-w-10', className)} {...rest}>
        <Icon size={16} aria-hidden />
      </button>
    </Tip>
  )
}
