import { ArrowDown, ArrowUp, MessageSquarePlus, Square } from 'lucide-react'
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '@/ui/iconButton'
import { Answer } from './Answer'
import type { OpenSource } from './Sources'
import { useChat } from './useChat'

/** Who is nearer to the end than this, in pixels, goes along with it. */
const FAR = 60
const far = (el: HTMLElement) => el.scrollHeight - el.scrollTop - el.clientHeight >= FAR

/** Ask and read: the thread, follow-scroll, suggestions, the box. */
export function Chat({ kbId, suggestions = [], openSource, empty, ready = true }: { kbId: string; suggestions?: string[]; openSource: OpenSource; empty?: ReactNode; ready?: boolean }) {
  const { t } = useTranslation()
  const { turns, growing, busy, ask, stop, fresh, rate } = useChat(kbId)
  const [behind, setBehind] = useState(false)
  const scroll = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  /** where the text was moved along to: it is somewhere else only where the reader moved it, whenever that is told */
  const placed = useRef(0)

  const follow = useCallback(() => {
    const el = scroll.current
    if (!el || !following.current) return
    if (el.scrollTop !== placed.current && far(el)) {
      following.current = false
      setBehind(true)
      return
    }
    el.scrollTop = el.scrollHeight
    placed.current = el.scrollTop
  }, [])
  useLayoutEffect(follow, [follow, turns])
  // After the text was drawn: what is inside began to listen before. The heights asked for are those the frame needs anyway.
  useEffect(() => growing?.on(follow), [follow, growing])
  useEffect(() => {
    const el = scroll.current!
    const listen = () => {
      if (following.current && el.scrollTop === placed.current) return
      following.current = !far(el)
      setBehind(!following.current)
    }
    // Not by React, which would look for others who want to hear of each of these.
    el.addEventListener('scroll', listen, { passive: true })
    return () => el.removeEventListener('scroll', listen)
  }, [])

  const last = turns.at(-1)
  // The same for as long as the thread lives: an answer that stands is not drawn again while the next one is written.
  const send = useCallback((question: string) => {
    following.current = true
    placed.current = scroll.current?.scrollTop ?? 0
    ask(question)
  }, [ask])
  return (
    <section aria-label={t('chat.title')} className="flex h-full min-h-0 flex-col">
      <div className="relative min-h-0 flex-1">
        <div ref={scroll} tabIndex={0} className="absolute inset-0 overflow-y-auto bg-bg px-4 py-4 contain-strict">
          {turns.length === 0
            ? (
              <div className="mx-auto grid min-h-full max-w-[560px] content-center gap-4 py-6">
                {empty ?? <div><h2 className="text-16 font-semibold">{t('chat.emptyTitle')}</h2><p className="mt-0.5 text-13 text-muted">{t('chat.emptyText')}</p></div>}
                {suggestions.length > 0 && (
                  <ul className="grid gap-2">
                    {suggestions.map(s => <li key={s}><button type="button" disabled={!ready} onClick={() => send(s)} className="w-full rounded-8 border border-line bg-surface px-3.5 py-2.5 text-left text-13 shadow-low transition-colors hover:border-edge hover:bg-raised disabled:opacity-50">{s}</button></li>)}
                  </ul>
                )}
              </div>
              )
            : <div className="mx-auto max-w-[680px] space-y-8">{turns.map((turn, i) => <Answer key={i} turn={turn} growing={turn.over ? undefined : growing} openSource={openSource} onAgain={send} onRate={rate} detailed />)}</div>}
        </div>
        {behind && <button type="button" onClick={() => { scroll.current!.scrollTop = scroll.current!.scrollHeight }} className="anim-fade absolute bottom-3 left-1/2 flex -translate-x-1/2 items-center gap-1 rounded-12 border border-line bg-surface px-3 py-1.5 text-12 shadow-float hover:bg-raised"><ArrowDown size={13} aria-hidden />{t('chat.newest')}</button>}
      </div>
      <p role="status" className="sr-only">{last?.over ? (last.failure !== null ? t('chat.failed', { why: last.failure }) : t('chat.complete')) : ''}</p>
      <AskBox busy={busy} begun={turns.length > 0} onSend={send} onStop={stop} onFresh={fresh} />
    </section>
  )
}

/** Where one writes; text that comes above does not touch it. */
const AskBox = memo(function AskBox({ busy, begun, onSend, onStop, onFresh }: { busy: boolean; begun: boolean; onSend: (question: string) => void; onStop: () => void; onFresh: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const box = useRef<HTMLTextAreaElement>(null)
  return (
    <form className="px-4 pb-4" onSubmit={event => {
      event.preventDefault()
      if (!text.trim() || busy) return
      onSend(text)
      setText('')
    }}>
      <div className="mx-auto flex max-w-[680px] items-end gap-1 rounded-12 border border-edge/60 bg-surface p-1.5 shadow-low transition-colors focus-within:border-accent">
        {begun && <IconButton label={t('chat.fresh')} icon={MessageSquarePlus} onClick={() => { onFresh(); box.current?.focus() }} />}
        <textarea ref={box} rows={1} value={text} aria-label={t('chat.question')} placeholder={t('chat.placeholder')} maxLength={100_000}
          className="field-sizing-content max-h-40 min-h-8 flex-1 resize-none bg-transparent px-2 py-1.5 outline-none pointer-coarse:text-16"
          onChange={event => setText(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault()
              event.currentTarget.form?.requestSubmit()
            }
          }} />
        {busy
          ? <IconButton label={t('chat.stop')} icon={Square} onClick={onStop} />
          : <button type="submit" aria-label={t('chat.ask')} disabled={!text.trim()} className="control inline-flex aspect-square items-center justify-center rounded-6 bg-accent text-on-accent transition-opacity disabled:bg-raised disabled:text-muted"><ArrowUp size={16} aria-hidden /></button>}
      </div>
    </form>
  )
})
