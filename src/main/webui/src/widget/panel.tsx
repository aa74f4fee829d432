import { Component, createRef, h, render } from 'preact'
import { exchange } from '@/chat/exchange'
import { passageLink } from '@/chat/passage'
import { cited, newTurn, turnsOf, type Citation, type Turn } from '@/chat/turn'
import { markdown } from './markdown'
import css from './panel.css?inline'
import { Gone, Visitor, type Face } from './visitor'
import { wordsFor, type Words } from './words'

export interface Options {
  /** where the server is, without a slash at the end */
  host: string
  site: string
  lang: string
  theme: 'auto' | 'light' | 'dark'
  accent?: string | undefined
  /** the page around says the name already */
  bare?: boolean
  /** shows a button to close */
  onClose?: (() => void) | undefined
  /** hears what happens: the names of UI.md, without `kb:` */
  emit?: ((name: string, detail?: unknown) => void) | undefined
}

export interface Panel { ask(question: string): void; focus(): void; reset(): void; destroy(): void }

interface Controls { ask?: (question: string) => void; reset?: () => void }

/** Puts the panel into an element, in a shadow of its own: nothing of the page around reaches in. */
export function mount(element: HTMLElement, options: Options): Panel {
  const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet]
  const dark = matchMedia('(prefers-color-scheme:dark)')
  const paint = () => element.toggleAttribute('data-dark', options.theme === 'dark' || (options.theme === 'auto' && dark.matches))
  paint()
  dark.addEventListener('change', paint)
  if (options.accent && CSS.supports('color', options.accent)) {
    element.style.setProperty('--kb-accent', options.accent)
    element.style.setProperty('--kb-accent-dark', `oklch(from ${options.accent} 72% c h)`)
  }
  const controls: Controls = {}
  render(<View options={options} controls={controls} words={wordsFor(options.lang)} />, root)
  return {
    ask: question => controls.ask?.(question),
    focus: () => root.querySelector('textarea')?.focus(),
    reset: () => controls.reset?.(),
    destroy: () => {
      dark.removeEventListener('change', paint)
      render(null, root)
    },
  }
}

interface Props { options: Options; controls: Controls; words: Words }
interface State { face?: Face | null; turns: Turn[]; busy: boolean; peek: Citation | null; behind: boolean }

class View extends Component<Props, State> {
  state: State = { turns: [], busy: false, peek: null, behind: false }
  visitor = new Visitor(this.props.options.host, this.props.options.site)
  abort: AbortController | null = null
  left = false
  scroll = createRef<HTMLDivElement>()
  box = createRef<HTMLTextAreaElement>()
  anchor: HTMLElement | null = null

  emit = (name: string, detail?: unknown) => this.props.options.emit?.(name, detail)
  /** Puts a newer state of a turn in the place of the one with the same question at the end. */
  put = (turn: Turn) => this.setState(({ turns }) => ({ turns: [...turns.slice(0, -1), turn] }))
  mark = (messageId: string | null, feedback: Turn['feedback']) => this.setState(({ turns }) => ({ turns: turns.map(t => (t.messageId === messageId ? { ...t, feedback } : t)) }))

  async run(begin: Turn, ask: boolean) {
    const { signal } = (this.abort = new AbortController())
    this.setState({ busy: true })
    let latest = begin
    let timer = 0
    try {
      await exchange(this.visitor, await this.visitor.begin(), begin, ask, turn => {
        latest = turn
        // Twenty times a second reads as flowing, and leaves the page free.
        timer ||= window.setTimeout(() => {
          timer = 0
          if (!signal.aborted) this.put(latest)
        }, 50)
      }, signal)
      this.emit('message', { question: latest.question, text: latest.text, messageId: latest.messageId })
    } catch (e) {
      if (signal.aborted) return
      latest = { ...latest, over: true, failure: e instanceof Gone ? this.props.words.noneText : e instanceof Error ? e.message : '' }
      this.emit('error', { message: latest.failure })
    }
    clearTimeout(timer)
    if (signal.aborted) return
    this.put(latest)
    this.setState({ busy: false })
    this.abort = null
  }

  ask = (text: string) => {
    const question = text.trim()
    if (!question || this.abort) return
    const turn = newTurn(question)
    if (this.state.turns.length) this.emit('followup', { question })
    this.setState(({ turns }) => ({ turns: [...turns, turn], behind: false }))
    void this.run(turn, true)
  }

  reset = () => {
    this.abort?.abort()
    this.abort = null
    this.visitor.forget()
    this.setState({ turns: [], busy: false, peek: null })
    this.box.current?.focus()
  }

  async componentDidMount() {
    this.props.controls.ask = this.ask
    this.props.controls.reset = this.reset
    try {
      const face = await this.visitor.face()
      const turns = this.visitor.id ? turnsOf(await this.visitor.messages().catch(() => [])) : []
      if (this.left) return
      const last = turns.at(-1)
      this.setState(now => ({ face, turns: [...turns, ...now.turns] }))
      if (last && !last.over && !this.abort) void this.run(last, false)
    } catch {
      if (!this.left) this.setState({ face: null })
    }
  }

  componentWillUnmount() {
    this.left = true
    this.abort?.abort()
  }

  componentDidUpdate() {
    const el = this.scroll.current
    if (el && !this.state.behind) el.scrollTop = el.scrollHeight
  }

  show = (peek: Citation, event: Event) => {
    this.anchor = event.currentTarget as HTMLElement
    this.setState({ peek })
    this.emit('citation', peek)
  }

  hide = () => {
    this.setState({ peek: null })
    // Focus must not fall out of the panel when what had it goes away.
    this.anchor?.focus()
  }

  render({ options, words }: Props, { face, turns, busy, peek, behind }: State) {
    const { visitor, scroll, box, ask, show, hide } = this
    const link = peek?.url ? passageLink(peek.url, peek.snippet) : null
    const last = turns.at(-1)
    if (face === null) return <div class="panel"><Head title={words.none} options={options} words={words} /><div class="talk"><div class="column empty"><h2>{words.none}</h2><p>{words.noneText}</p></div></div></div>
    return (
      <section class="panel" aria-label={face?.name} onKeyDown={event => {
        if (event.key !== 'Escape') return
        if (peek) {
          event.stopPropagation()
          hide()
        } else options.onClose?.()
      }}>
        <Head title={face?.name ?? ''} options={options} words={words} onFresh={turns.length ? this.reset : undefined} />
        <div class="talk" ref={scroll} tabIndex={0} onScroll={event => {
          const el = event.currentTarget
          this.setState({ behind: el.scrollHeight - el.scrollTop - el.clientHeight > 80 })
        }}>
          <div class="column">
            {face && !turns.length && (
              <div class="empty">
                <h2>{options.onClose ? words.open : face.name}</h2>
                <p>{face.description || words.text}</p>
                <ul class="suggest">{face.suggestions.map(s => <li key={s}><button type="button" onClick={() => ask(s)}>{s}</button></li>)}</ul>
              </div>
            )}
            {turns.map((turn, i) => <Exchange key={i} turn={turn} words={words} show={show} again={ask} rate={rating => {
              this.mark(turn.messageId, rating)
              void visitor.call('POST', `/chat/messages/${turn.messageId}/feedback`, { body: { rating } }).then(() => this.emit('feedback', { messageId: turn.messageId, rating }), () => this.mark(turn.messageId, null))
            }} />)}
          </div>
          {behind && <button type="button" class="jump" onClick={() => { scroll.current!.scrollTop = scroll.current!.scrollHeight }}>{words.newest} ↓</button>}
        </div>
        <p class="hidden" role="status">{last?.over ? (last.failure !== null ? words.failed(last.failure) : words.done) : ''}</p>
        {peek && (
          <div class="peek" role="dialog" aria-label={`${words.source(peek.n)}: ${peek.title}`}>
            <button type="button" class="icon quiet" aria-label={words.close} ref={el => { el?.focus() }} onClick={hide}>✕</button>
            <strong>{peek.title}</strong>
            {peek.page !== null && <small>{words.page(peek.page)}</small>}
            <p>{peek.snippet}</p>
            {link && <a href={link} target="_blank" rel="noopener noreferrer">{words.read}</a>}
          </div>
        )}
        <form onSubmit={event => {
          event.preventDefault()
          const question = box.current!.value
          if (busy || !question.trim()) return
          box.current!.value = ''
          ask(question)
        }}>
          <textarea ref={box} rows={1} maxLength={100000} aria-label={words.question} placeholder={words.placeholder} disabled={!face} onKeyDown={event => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            event.currentTarget.form!.requestSubmit()
          }} />
          {busy ? <button type="button" class="go" onClick={() => void visitor.call('POST', `/chat/conversations/${visitor.id}/stop`, { body: {} }).catch(() => {})}>{words.stop}</button> : <button type="submit" class="go" disabled={!face}>{words.send}</button>}
        </form>
      </section>
    )
  }
}

function Head({ title, options, words, onFresh }: { title: string; options: Options; words: Words; onFresh?: (() => void) | undefined }) {
  if (!options.onClose && !onFresh) return null
  return (
    <header>
      {!options.bare && <h2>{title}</h2>}
      {onFresh && <button type="button" class="quiet" onClick={onFresh}>{words.fresh}</button>}
      {options.onClose && <button type="button" class="icon quiet" aria-label={words.close} onClick={options.onClose}>✕</button>}
    </header>
  )
}

interface ExchangeProps { turn: Turn; words: Words; show: (c: Citation, e: Event) => void; again: (q: string) => void; rate: (rating: 'up' | 'down') => void }

class Exchange extends Component<ExchangeProps, { copied: boolean }> {
  render({ turn, words, show, again, rate }: ExchangeProps, { copied }: { copied: boolean }) {
    const mark = (n: number) => {
      const c = turn.citations.find(c => c.n === n)
      return c ? <button type="button" class="mark" aria-label={`${words.source(n)}: ${c.title}`} onClick={event => show(c, event)}>{n}</button> : null
    }
    const sources = turn.over ? cited(turn) : []
    return (
      <article aria-busy={!turn.over}>
        <p class="q">{turn.question}</p>
        {!turn.over && <p class="stage work">{turn.away ? words.away : turn.stage === 'searching' ? words.searching : words.writing(turn.citations.length)}</p>}
        <div class="a">{markdown(turn.text, mark)}</div>
        {turn.failure !== null && <p class="failed">{words.failed(turn.failure)}</p>}
        {turn.stopped && <p class="stage">{words.stopped}</p>}
        {sources.length > 0 && <ul class="sources">{sources.map(c => <li key={c.n}><button type="button" onClick={event => show(c, event)}><b>{c.n}</b>{c.title}{c.page !== null && `, ${words.page(c.page)}`}</button></li>)}</ul>}
        {turn.over && (
          <div class="tools">
            {turn.text && <button type="button" class="quiet" onClick={() => void navigator.clipboard.writeText(turn.text).then(() => this.setState({ copied: true }))}>{copied ? words.copied : words.copy}</button>}
            {turn.text && turn.messageId && (['up', 'down'] as const).map(r => <button key={r} type="button" class="quiet" aria-pressed={turn.feedback === r} onClick={() => rate(r)}>{r === 'up' ? words.good : words.bad}</button>)}
            {(turn.failure !== null || turn.stopped) && <button type="button" class="quiet" onClick={() => again(turn.question)}>{words.again}</button>}
          </div>
        )}
      </article>
    )
  }
}
