import { X } from 'lucide-react'
import { AlertDialog, Dialog as RadixDialog, DropdownMenu } from 'radix-ui'
import { useState, type ReactElement, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from '@/lib/cx'
import { Button } from './button'

const VEIL = 'anim-fade fixed inset-0 z-50 bg-[oklch(10%_.02_265/.45)]'
const SHEET = 'anim-rise fixed z-50 flex flex-col border border-line bg-surface shadow-float inset-x-0 bottom-0 max-h-[92dvh] rounded-t-12 sm:inset-auto sm:top-[12vh] sm:left-1/2 sm:max-h-[78vh] sm:w-[calc(100vw-32px)] sm:-translate-x-1/2 sm:rounded-12'

export function Dialog({ open, onClose, title, text, children, footer, wide = false }: { open: boolean; onClose: () => void; title: string; text?: string; children: ReactNode; footer?: ReactNode; wide?: boolean }) {
  const { t } = useTranslation()
  return (
    <RadixDialog.Root open={open} onOpenChange={next => { if (!next) onClose() }}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={VEIL} />
        <RadixDialog.Content data-modal onOpenAutoFocus={event => {
          // A dialog with a form begins in its first field, not on the cross.
          const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>('[autofocus], input, select, textarea')
          if (!field) return
          event.preventDefault()
          field.focus()
        }} className={cx(SHEET, wide ? 'sm:max-w-[720px]' : 'sm:max-w-[460px]')} {...(!text && { 'aria-describedby': undefined })}>
          <header className="flex items-start justify-between gap-4 px-5 pt-4 pb-1">
            <div className="min-w-0">
              <RadixDialog.Title className="text-16 font-semibold">{title}</RadixDialog.Title>
              {text && <RadixDialog.Description className="mt-0.5 text-13 text-muted">{text}</RadixDialog.Description>}
            </div>
            <RadixDialog.Close aria-label={t('common.close')} className="control -mr-2 inline-flex aspect-square items-center justify-center rounded-6 text-muted transition-colors hover:bg-raised hover:text-fg"><X size={16} aria-hidden /></RadixDialog.Close>
          </header>
          <div className="min-h-0 overflow-y-auto px-5 py-3">{children}</div>
          {footer && <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{footer}</footer>}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

/** A panel from the side, for phones. */
export function Drawer({ open, onClose, title, side, children }: { open: boolean; onClose: () => void; title: string; side: 'left' | 'right'; children: ReactNode }) {
  return (
    <RadixDialog.Root open={open} onOpenChange={next => { if (!next) onClose() }}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={VEIL} />
        <RadixDialog.Content data-modal aria-describedby={undefined} onOpenAutoFocus={event => {
          // The panel itself: a focused sign would show its tip at once.
          event.preventDefault();
          (event.currentTarget as HTMLElement).focus()
        }} className={cx('anim-fade outline-none fixed inset-y-0 z-50 flex w-[min(100vw,480px)] flex-col border-line bg-surface shadow-float', side === 'left' ? 'left-0 max-w-[280px] border-r' : 'right-0 border-l')}>
          <RadixDialog.Title className="sr-only">{title}</RadixDialog.Title>
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

/** Asks before something that can't be taken back. */
export function Confirm({ trigger, title, text, action, onConfirm }: { trigger: ReactElement; title: string; text: string; action: string; onConfirm: () => Promise<unknown> | void }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={VEIL} />
        <AlertDialog.Content data-modal className={cx(SHEET, 'sm:max-w-[420px]')}>
          <div className="px-5 pt-4 pb-4">
            <AlertDialog.Title className="text-16 font-semibold">{title}</AlertDialog.Title>
            <AlertDialog.Description className="mt-1 text-13 text-muted">{text}</AlertDialog.Description>
          </div>
          <footer className="flex justify-end gap-2 border-t border-line px-5 py-3">
            <AlertDialog.Cancel asChild><Button>{t('common.cancel')}</Button></AlertDialog.Cancel>
            <Button variant="danger" busy={busy} onClick={async () => {
              setBusy(true)
              try {
                await onConfirm()
                setOpen(false)
              } finally {
                setBusy(false)
              }
            }}>{action}</Button>
          </footer>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

const ITEM = 'flex min-h-8 items-center gap-2 rounded-4 px-2 text-13 outline-none select-none data-highlighted:bg-raised data-disabled:opacity-50 pointer-coarse:min-h-10'

export function Menu({ trigger, children, align = 'end' }: { trigger: ReactElement; children: ReactNode; align?: 'start' | 'end' }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align={align} sideOffset={4} collisionPadding={8} className="anim-fade z-50 min-w-48 rounded-8 border border-line bg-surface p-1 shadow-float">{children}</DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

export const MenuItem = ({ danger = false, ...rest }: { danger?: boolean; onSelect?: (event: Event) => void; disabled?: boolean; asChild?: boolean; children: ReactNode }) => (
  <DropdownMenu.Item className={cx(ITEM, danger && 'text-bad')} {...rest} />
)
export const MenuLabel = ({ children }: { children: ReactNode }) => <DropdownMenu.Label className="px-2 py-1 text-12 text-muted">{children}</DropdownMenu.Label>
export const MenuLine = () => <DropdownMenu.Separator className="my-1 h-px bg-line" />
export function MenuChoice<T extends string>({ value, options, onChange }: { value: T; options: { value: T; text: string }[]; onChange: (value: T) => void }) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={next => onChange(next as T)}>
      {options.map(option => (
        <DropdownMenu.RadioItem key={option.value} value={option.value} className={cx(ITEM, 'justify-between data-[state=checked]:font-medium')}>
          {option.text}
          <DropdownMenu.ItemIndicator className="size-1.5 rounded-12 bg-accent" />
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  )
}
