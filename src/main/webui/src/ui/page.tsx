import { X } from 'lucide-react'
import { useEffect, useRef, useSyncExternalStore, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from '@/lib/cx'
import { IconButton } from './iconButton'
import { Drawer } from './overlay'

/** A screen: header, toolbar, content, and a panel that peeks at one thing of the list. */
export function Page({ title, text, actions, toolbar, peek, children, narrow = false }: { title: string; text?: ReactNode; actions?: ReactNode; toolbar?: ReactNode; peek?: ReactNode; children: ReactNode; narrow?: boolean }) {
  useEffect(() => { document.title = `${title} · Kvasir` }, [title])
  return (
    <div className="flex h-full min-h-0">
      <div className="min-w-0 flex-1 overflow-y-auto">
        <div className={cx('mx-auto w-full px-4 pt-5 pb-16 sm:px-6', narrow ? 'max-w-[760px]' : 'max-w-[1120px]')}>
          <header className="mb-4 flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
            <div className="min-w-0">
              <h1 className="text-20 font-semibold">{title}</h1>
              {text && <p className="mt-0.5 max-w-[64ch] text-13 text-muted">{text}</p>}
            </div>
            {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
          </header>
          {toolbar && <div className="mb-3 flex flex-wrap items-center gap-2">{toolbar}</div>}
          {children}
        </div>
      </div>
      {peek}
    </div>
  )
}

const wide = matchMedia('(min-width: 1024px)')
const useWide = () => useSyncExternalStore(listener => {
  wide.addEventListener('change', listener)
  return () => wide.removeEventListener('change', listener)
}, () => wide.matches)

/** The thing chosen in a list: beside it where there is room, over it where there is none. Escape closes it. */
export function Peek({ title, subtitle, actions, onClose, children }: { title: string; subtitle?: ReactNode; actions?: ReactNode; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  const beside = useWide()
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    if (!beside) return
    const listen = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('[data-modal], [role=menu]')) onClose()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [beside, onClose])
  const inner = (
    <>
      <header className="flex items-start justify-between gap-3 border-b border-line px-4 py-3">
        <div className="min-w-0">
          <h2 className="truncate text-14 font-semibold">{title}</h2>
          {subtitle && <div className="mt-0.5 truncate text-12 text-muted">{subtitle}</div>}
        </div>
        <div className="flex shrink-0 gap-1">{actions}<IconButton label={t('common.close')} keys="Esc" icon={X} onClick={onClose} /></div>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
    </>
  )
  return beside
    ? <aside ref={panel} aria-label={title} className="anim-slide flex w-[420px] shrink-0 flex-col border-l border-line bg-surface xl:w-[480px]">{inner}</aside>
    : <Drawer open onClose={onClose} side="right" title={title}>{inner}</Drawer>
}

export const Card = ({ children, className }: { children: ReactNode; className?: string }) => (
  <section className={cx('rounded-12 border border-line bg-surface p-5 shadow-low', className)}>{children}</section>
)

/** A group of settings: what it is about on the left, the controls on the right. */
export function Section({ title, text, children, footer }: { title: string; text?: ReactNode; children: ReactNode; footer?: ReactNode }) {
  return (
    <section className="mb-5 overflow-hidden rounded-12 border border-line bg-surface shadow-low">
      <div className="p-5">
        <h2 className="text-14 font-semibold">{title}</h2>
        {text && <p className="mt-0.5 max-w-[64ch] text-13 text-muted">{text}</p>}
        <div className="mt-4 grid gap-4">{children}</div>
      </div>
      {footer && <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line bg-bg px-5 py-3">{footer}</footer>}
    </section>
  )
}

export function Facts({ items }: { items: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5 text-13">
      {items.map(([name, value]) => (
        <div key={name} className="contents"><dt className="text-muted">{name}</dt><dd className="figures min-w-0 break-words">{value}</dd></div>
      ))}
    </dl>
  )
}
