import { ExternalLink, FileText } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useEffect, useRef, useState, type ReactNode, type SyntheticEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { number } from '@/lib/format'
import { buttonLook } from '@/ui/button'
import { passageLink } from './passage'
import type { Citation } from './turn'

/** Where the passage can be read whole; null where this reader may not open it. */
export type OpenSource = ((citation: Citation, children: ReactNode, className: string) => ReactNode) | undefined

interface Shown { citation: Citation; by: HTMLElement; held: boolean }

/**
 * Shows the passage beside whatever inside names it by `data-cite`: while the mouse is over it, or for as long as wanted after a click, a
 * tap or Enter. One for all of an answer: its marks are plain buttons, which cost next to nothing while it is written.
 */
export function Sources({ citations, openSource, className, children }: { citations: Citation[]; openSource: OpenSource; className?: string; children: ReactNode }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState<Shown | null>(null)
  const timer = useRef(0)
  const soon = (next: Shown | null, delay: number) => {
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => setShown(next), delay)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  useEffect(() => {
    const by = shown?.by
    by?.setAttribute('aria-expanded', 'true')
    return () => by?.setAttribute('aria-expanded', 'false')
  }, [shown?.by])
  const named = (event: SyntheticEvent): Omit<Shown, 'held'> | null => {
    const by = (event.target as Element).closest<HTMLElement>('[data-cite]')
    const citation = by && citations.find(c => c.n === Number(by.dataset.cite))
    return citation ? { citation, by } : null
  }
  const leave = () => { if (!shown?.held) soon(null, 160) }
  const web = shown?.citation.url ? passageLink(shown.citation.url, shown.citation.snippet) : null
  const link = `${buttonLook('secondary')} mt-3`
  return (
    <>
      {/* Not a control itself: it hears of the buttons inside. */}
      <div role="presentation" className={className}
        onClick={event => {
          const at = named(event)
          if (!at) return
          clearTimeout(timer.current)
          setShown(shown?.held && shown.by === at.by ? null : { ...at, held: true })
        }}
        onPointerOver={event => {
          const at = event.pointerType === 'mouse' && named(event)
          if (at && !shown?.held) soon({ ...at, held: false }, 120)
        }}
        onPointerOut={event => { if (named(event)) leave() }}>
        {children}
      </div>
      {shown && (
        <Popover.Root open onOpenChange={open => {
          clearTimeout(timer.current)
          if (!open) setShown(null)
        }}>
          <Popover.Anchor virtualRef={{ current: shown.by }} />
          <Popover.Portal>
            <Popover.Content key={shown.citation.n} sideOffset={6} collisionPadding={12} aria-label={t('chat.source', { n: shown.citation.n, title: shown.citation.title })}
              onOpenAutoFocus={event => { if (!shown.held) event.preventDefault() }}
              onCloseAutoFocus={event => {
                event.preventDefault()
                if (shown.held) shown.by.focus()
              }}
              onInteractOutside={event => { if (shown.by.contains(event.target as Node)) event.preventDefault() }}
              onPointerEnter={() => clearTimeout(timer.current)}
              onPointerLeave={leave}
              className="anim-rise z-50 flex max-h-[min(420px,60vh)] w-[min(400px,calc(100vw-24px))] flex-col rounded-12 border border-line bg-surface p-4 text-13 shadow-float">
              <p className="flex items-start gap-2 font-semibold"><FileText size={15} aria-hidden className="mt-0.5 shrink-0 text-muted" /><span className="min-w-0 break-words">{shown.citation.title}</span></p>
              <p className="figures mb-2 pl-[23px] text-12 text-muted">
                {shown.citation.page !== null && <>{t('chat.page', { n: shown.citation.page })} · </>}
                {t('chat.relevance', { value: number(shown.citation.score * 100) })}
              </p>
              <blockquote tabIndex={0} className="min-h-0 overflow-y-auto border-l-2 border-accent pl-3 whitespace-pre-wrap">{shown.citation.snippet}</blockquote>
              {web
                ? <a href={web} target="_blank" rel="noopener noreferrer" className={link}><ExternalLink size={14} aria-hidden />{t('chat.openPage')}</a>
                : openSource?.(shown.citation, <><FileText size={14} aria-hidden />{t('chat.openDocument')}</>, link)}
            </Popover.Content>
          </Popover.Portal>
        </Popover.Root>
      )}
    </>
  )
}
