import { ExternalLink, FileText } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useRef, useState, type ReactElement, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { buttonLook } from '@/ui/button'
import { number } from '@/lib/format'
import { passageLink } from './passage'
import type { Citation } from './turn'

/** Where the passage can be read whole; null where this reader may not open it. */
export type OpenSource = ((citation: Citation, children: ReactNode, className: string) => ReactNode) | undefined

/** A passage shown beside what names it: on hover, on focus and Enter, on tap. */
export function SourcePreview({ citation, openSource, children }: { citation: Citation; openSource: OpenSource; children: ReactElement }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const held = useRef(false)
  const timer = useRef(0)
  const soon = (next: boolean, delay: number) => {
    clearTimeout(timer.current)
    timer.current = window.setTimeout(() => setOpen(next), delay)
  }
  const web = citation.url ? passageLink(citation.url, citation.snippet) : null
  const link = `${buttonLook('secondary')} mt-3`
  return (
    <Popover.Root open={open} onOpenChange={next => {
      clearTimeout(timer.current)
      held.current = next
      setOpen(next)
    }}>
      <Popover.Trigger asChild
        onPointerEnter={event => { if (event.pointerType === 'mouse' && !held.current) soon(true, 120) }}
        onPointerLeave={() => { if (!held.current) soon(false, 160) }}>
        {children}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content sideOffset={6} collisionPadding={12} aria-label={t('chat.source', { n: citation.n, title: citation.title })}
          onOpenAutoFocus={event => { if (!held.current) event.preventDefault() }}
          onCloseAutoFocus={event => { if (!held.current) event.preventDefault() }}
          onPointerEnter={() => clearTimeout(timer.current)}
          onPointerLeave={() => { if (!held.current) soon(false, 160) }}
          className="anim-rise z-50 flex max-h-[min(420px,60vh)] w-[min(400px,calc(100vw-24px))] flex-col rounded-12 border border-line bg-surface p-4 text-13 shadow-float">
          <p className="flex items-start gap-2 font-semibold"><FileText size={15} aria-hidden className="mt-0.5 shrink-0 text-muted" /><span className="min-w-0 break-words">{citation.title}</span></p>
          <p className="figures mb-2 pl-[23px] text-12 text-muted">
            {citation.page !== null && <>{t('chat.page', { n: citation.page })} · </>}
            {t('chat.relevance', { value: number(citation.score * 100) })}
          </p>
          <blockquote tabIndex={0} className="min-h-0 overflow-y-auto border-l-2 border-accent pl-3 whitespace-pre-wrap">{citation.snippet}</blockquote>
          {web
            ? <a href={web} target="_blank" rel="noopener noreferrer" className={link}><ExternalLink size={14} aria-hidden />{t('chat.openPage')}</a>
            : openSource?.(citation, <><FileText size={14} aria-hidden />{t('chat.openDocument')}</>, link)}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

export function CitationChip({ citation, openSource }: { citation: Citation; openSource: OpenSource }) {
  const { t } = useTranslation()
  return (
    <SourcePreview citation={citation} openSource={openSource}>
      <button type="button" aria-label={t('chat.source', { n: citation.n, title: citation.title })}
        className="chip figures mx-0.5 inline-flex h-5 min-w-5 items-center justify-center rounded-4 bg-soft px-1 align-[1px] text-11 font-semibold text-accent transition-colors hover:bg-accent hover:text-on-accent data-[state=open]:bg-accent data-[state=open]:text-on-accent pointer-coarse:h-6 pointer-coarse:min-w-6">
        {citation.n}
      </button>
    </SourcePreview>
  )
}
