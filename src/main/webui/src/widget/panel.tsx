import { exchange } from '@/chat/exchange'
import { passageLink } from '@/chat/passage'
import { cited, newTurn, turnsOf, type Citation, type Turn } from '@/chat/turn'
import { h, render, type VNode } from '@/chat/dom'
import { Prose } from '@/chat/markdown'
import css from './panel.css?inline'
import { Gone, Visitor, type Face, type Proof } from './visitor'
import { wordsFor } from './words'

export interface Options {
  /** where the server is, without a slash at the end */
  host: string
  site: string
  lang: string
  theme: 'auto' | 'light' | 'dark'
  accent?: string | undefined
  /** what a button under every answer says that hands over to the page around, which hears `followup` */
  followup?: string | undefined
  /** the page around says the name already */
  bare?: boolean
  /** shows a button to close */
  onClose?: (() => void) | undefined
  /** hears what happens: the names of UI.md, without `kb:` */
  emit?: ((name: string, detail?: unknown) => void) | undefined
}

export interface Panel { ask(question: string): void; identify(proof: Proof): void; focus(): void; reset(): void; destroy(): void }

/** Puts the panel into an element, in a shadow of its own: nothing of the page around reaches in. */
export function mount(element: HTMLElement, options: Options): Panel {
  const { host, site, lang, theme, accent, followup, bare, onClose } = options
  const words = wordsFor(lang)
  const visitor = new Visitor(host, site)
  const emit = (name: string, detail?: unknown) => options.emit?.(name, detail)

  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
  const dark = matchMedia('(prefers-color-scheme:dark)')
  const paint = () => element.toggleAttribute('data-dark', theme === 'dark' || (theme === 'auto' && dark.matches))
  paint()
  dark.addEventListener('change', paint)
  if (accent && CSS.supports('color', accent)) element.style.setProperty('--kb-accent', accent)

  let face: Face | undefined
  /** why there is nothing to ask: a heading and a sentence */
  let closed: [string, string] | undefined
  let turns: Turn[] = []
  let running: AbortController | undefined
  let peek: Citation | undefined
  let copied: Turn | undefined
  /** somebody asked before it was known what there is to ask */
  let eager = false
  /** the reader has scrolled up */
  let behind = false
  /** where the text was moved along to: it is somewhere else only where the reader moved it, whenever that is told */
  let placed = 0
  let gone = false
  let anchor: HTMLElement | undefined
  let scroll: HTMLElement
  let box: HTMLTextAreaElement

  const far = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight > 80
  const update = () => {
    if (gone) return
    if (scroll && scroll.scrollTop !== placed) behind ||= far()
    render(root, view())
    if (behind) return
    scroll.scrollTop = scroll.scrollHeight
    placed = scroll.scrollTop
  }
  /** Puts a newer state of a turn in the place of an older. */
  const put = (old: Turn, turn: Turn) => {
    turns = turns.map(t => (t === old ? turn : t))
    update()
    return turn
  }

  async function run(shown: Turn, ask: boolean) {
    const { signal } = (running = new AbortController())
    try {
      await exchange(visitor, await visitor.begin(), shown, ask, turn => { if (!signal.aborted) shown = put(shown, turn) }, signal)
      emit('message', { question: shown.question, text: shown.text, messageId: shown.messageId })
    } catch (e) {
      if (signal.aborted) return
      shown = put(shown, { ...shown, over: true, failure: e instanceof Gone ? words.noneText : e instanceof Error ? e.message : '' })
      emit('error', { message: shown.failure })
    }
    if (signal.aborted) return
    running = undefined
    update()
  }

  function ask(text: string) {
    const question = text.trim()
    if (!question || running) return
    const turn = newTurn(question)
    turns = [...turns, turn]
    behind = false
    if (scroll) placed = scroll.scrollTop
    void run(turn, true)
    update()
  }

  function clear() {
    running?.abort()
    running = undefined
    turns = []
    peek = undefined
    update()
  }

  function reset() {
    visitor.forget()
    clear()
    box.focus()
  }

  async function open() {
    closed = undefined
    try {
      const [shown, earlier] = await Promise.all([visitor.face(), visitor.id ? visitor.messages().catch(() => []) : []])
      if (gone) return
      face = shown
      const last = turnsOf(earlier).at(-1)
      turns = [...turnsOf(earlier).slice(0, -1), ...(last ? [last] : []), ...turns]
      if (last && !last.over && !running) void run(last, false)
    } catch (e) {
      // A browser does not tell a script whether a server is away or does not answer pages of this site.
      closed = e instanceof Gone ? [words.none, words.noneText] : [words.shut, words.shutText]
      emit('error', { message: e instanceof Gone ? words.none : `${host} is away, or ${location.origin} is not among the sites of this widget` })
    }
    update()
    if (eager && face) box.form!.requestSubmit()
    eager = false
  }

  const show = (citation: Citation) => (event: Event) => {
    anchor = event.currentTarget as HTMLElement
    peek = citation
    emit('citation', citation)
    update()
  }
  const hide = () => {
    peek = undefined
    update()
    // Focus must not fall out of the panel when what had it goes away.
    anchor?.focus()
  }
  const rate = (turn: Turn, rating: 'up' | 'down') => async () => {
    const rated = put(turn, { ...turn, feedback: rating })
    try {
      await visitor.call('POST', `/chat/messages/${turn.messageId}/feedback`, { body: { rating } })
      emit('feedback', { messageId: turn.messageId, rating })
    } catch {
      put(rated, turn)
    }
  }
  const copy = (turn: Turn) => async () => {
    await navigator.clipboard.writeText(turn.text)
    const before = copied
    copied = turn
    for (const t of [before, turn]) if (t) drawn.delete(t)
    update()
  }

  const quiet = (text: string, onclick: () => unknown, pressed?: boolean) => <button type="button" class="quiet" aria-pressed={pressed} onclick={onclick}>{text}</button>
  const cross = (onclick: () => void, ref?: (element: HTMLElement) => void) => <button type="button" class="icon quiet" aria-label={words.close} onclick={onclick} ref={ref}>✕</button>

  /** A turn that did not change is not drawn again. */
  const drawn = new WeakMap<Turn, VNode | null>()
  /** The text of a turn, by what stays the same of it from its first word to its last. */
  const proses = new WeakMap<Citation[], Prose>()
  const exchanged = (turn: Turn) => {
    if (!drawn.has(turn)) drawn.set(turn, article(turn))
    return drawn.get(turn)
  }

  function article(turn: Turn) {
    const { over, text, failure, messageId, stopped } = turn
    const source = (c: Citation) => `${words.source(c.n)}: ${c.title}`
    const prose = proses.get(turn.citations) ?? new Prose(n => {
      const c = turn.citations.find(c => c.n === n)
      return c ? <button type="button" class="mark" aria-label={source(c)} onclick={show(c)}>{n}</button> : null
    })
    proses.set(turn.citations, prose)
    const sources = over ? cited(turn) : []
    return (
      <article aria-busy={!over}>
        <p class="q">{turn.question}</p>
        {!over && <p class="stage work">{turn.away ? words.away : turn.stage === 'searching' ? words.searching : words.writing(turn.citations.length)}</p>}
        <div class="a">{prose.of(text)}</div>
        {failure !== null && <p class="failed">{words.failed(failure)}</p>}
        {stopped && <p class="stage">{words.stopped}</p>}
        {sources[0] && <ul class="sources">{sources.map(c => <li><button type="button" onclick={show(c)}><b>{c.n}</b>{c.title}{c.page !== null && `, ${words.page(c.page)}`}</button></li>)}</ul>}
        {over && (
          <div class="tools">
            {text && quiet(turn === copied ? words.copied : words.copy, copy(turn))}
            {text && messageId && (['up', 'down'] as const).map(r => quiet(r === 'up' ? words.good : words.bad, rate(turn, r), turn.feedback === r))}
            {(failure !== null || stopped) && quiet(words.again, () => ask(turn.question))}
            {followup && quiet(followup, () => emit('followup', { question: turn.question, text, messageId }))}
          </div>
        )}
      </article>
    )
  }

  function view() {
    const link = peek?.url ? passageLink(peek.url, peek.snippet) : null
    const last = turns.at(-1)
    const again = turns[0] && !closed
    return (
      <section class="panel" aria-label={face?.name} onkeydown={event => {
        if (event.key !== 'Escape') return
        if (peek) {
          event.stopPropagation()
          hide()
        } else onClose?.()
      }}>
        {(onClose || again) && (
          <header class={bare && 'bare'}>
            {!bare && <h2>{face?.name}</h2>}
            {again && quiet(words.fresh, reset)}
            {onClose && cross(onClose)}
          </header>
        )}
        <div class="talk" tabindex="0" ref={el => { scroll = el }} onscroll={() => {
          if ((!behind && scroll.scrollTop === placed) || far() === behind) return
          behind = !behind
          update()
        }}>
          <div class="column">
            {closed ? (
              <div class="empty"><h2>{closed[0]}</h2><p>{closed[1]}</p>{quiet(words.retry, open)}</div>
            ) : face && !last && (
              <div class="empty">
                <h2>{onClose || bare ? words.open : face.name}</h2>
                <p>{face.description || words.text}</p>
                <ul class="suggest">{face.suggestions.map(s => <li><button type="button" onclick={() => ask(s)}>{s}</button></li>)}</ul>
              </div>
            )}
            {!closed && turns.map(exchanged)}
          </div>
          {behind && <button type="button" class="jump" onclick={() => { scroll.scrollTop = scroll.scrollHeight }}>{words.newest} ↓</button>}
        </div>
        <p class="hidden" role="status">{last?.over && (last.failure === null ? words.done : words.failed(last.failure))}</p>
        {peek && (
          <div class="peek" role="dialog" aria-label={`${words.source(peek.n)}: ${peek.title}`}>
            {cross(hide, el => el.focus())}
            <strong>{peek.title}</strong>
            {peek.page !== null && <small>{words.page(peek.page)}</small>}
            <p>{peek.snippet}</p>
            {link && <a href={link} target="_blank" rel="noopener noreferrer">{words.read}</a>}
          </div>
        )}
        {!closed && (
          <form onsubmit={event => {
            event.preventDefault()
            if (running || !box.value.trim()) return
            if (!face) return void (eager = true)
            const { value } = box
            box.value = ''
            ask(value)
          }}>
            <textarea ref={el => { box = el as HTMLTextAreaElement }} rows="1" maxlength="100000" aria-label={words.question} placeholder={words.placeholder} onkeydown={event => {
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
              event.preventDefault()
              event.currentTarget.form!.requestSubmit()
            }} />
            {running ? <button type="button" class="go" onclick={() => void visitor.call('POST', `/chat/conversations/${visitor.id}/stop`, { body: {} }).catch(() => {})}>{words.stop}</button> : <button type="submit" class="go" disabled={!face}>{words.send}</button>}
          </form>
        )}
      </section>
    )
  }

  update()
  void open()
  return {
    ask,
    reset,
    identify: proof => { if (visitor.identify(proof)) clear() },
    focus: () => box.focus(),
    destroy: () => {
      gone = true
      running?.abort()
      dark.removeEventListener('change', paint)
      render(root)
    },
  }
}
