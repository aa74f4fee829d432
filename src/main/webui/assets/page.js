import { Gone, Visitor } from './api.js'
import { render } from './markdown.js'
import { apply, newTurn, restored } from './turn.js'
import { language, words } from './words.js'

const $ = id => document.getElementById(id)
const visitor = new Visitor('demo')
const views = []
let abort = null

document.documentElement.lang = language
for (const e of document.querySelectorAll('[data-text]')) e.textContent = words[e.dataset.text]
$('question').placeholder = words.placeholder

// One turn on the page.
class TurnView {
  constructor(turn) {
    this.turn = turn
    this.root = document.createElement('article')
    this.question = element('div', 'question', turn.question)
    this.answer = element('div', 'answer')
    this.stage = element('p', 'stage')
    this.body = element('div')
    this.foot = element('div')
    this.answer.append(this.stage, this.body, this.foot)
    this.root.append(this.question, this.answer)
    $('turns').append(this.root)
    this.draw()
  }

  take(event) {
    this.turn = apply(this.turn, event)
    this.draw()
  }

  // At most one drawing a frame, however many tokens come.
  draw() {
    if (this.drawing) return
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null
      this.#draw()
    })
  }

  #draw() {
    const follow = atEnd()
    const t = this.turn
    this.stage.hidden = t.over
    this.stage.classList.toggle('working', !t.over)
    this.stage.textContent = t.away ? words.away : t.stage === 'searching' ? words.searching : words.writing(t.citations.length)
    this.body.replaceChildren(render(t.text, n => this.#mark(n)))
    this.#drawFoot()
    if (follow) toEnd()
    $('jump').hidden = atEnd()
  }

  #drawFoot() {
    const t = this.turn
    if (!t.over || this.footed === t) return
    this.footed = t
    this.foot.replaceChildren()
    if (t.stopped) this.foot.append(element('p', 'stage', words.stopped))
    if (t.failure) this.foot.append(element('p', 'failed', words.failed(t.failure)))
    const cited = t.citations.filter(c => t.text.includes(`[${c.n}]`))
    if (cited.length) {
      const list = element('ul', 'sources')
      for (const c of cited) {
        const item = element('li'), button = element('button')
        button.type = 'button'
        button.append(element('b', '', String(c.n)), c.title + (c.page ? `, ${words.page(c.page)}` : ''))
        previewing(button, c)
        item.append(button)
        list.append(item)
      }
      this.foot.append(list)
    }
    const tools = element('div', 'tools')
    if (t.text) {
      const copy = tool(words.copy, async () => {
        await navigator.clipboard.writeText(t.text)
        copy.textContent = words.copied
      })
      tools.append(copy, this.#thumb('up', words.good), this.#thumb('down', words.bad))
    }
    if (t.failure || t.stopped) tools.append(tool(words.again, () => ask(t.question)))
    this.foot.append(tools)
    $('live').textContent = t.failure ? words.failed(t.failure) : words.done
  }

  #thumb(rating, label) {
    const button = tool(label, async () => {
      await visitor.rate(this.turn.messageId, rating)
      for (const other of button.parentElement.children) if (other.hasAttribute('aria-pressed')) other.setAttribute('aria-pressed', String(other === button))
    })
    button.setAttribute('aria-pressed', String(this.turn.feedback === rating))
    return button
  }

  #mark(n) {
    const citation = this.turn.citations.find(c => c.n === n)
    if (!citation) return null
    const chip = element('button', 'mark', String(n))
    chip.type = 'button'
    chip.setAttribute('aria-label', `${words.source(n)}: ${citation.title}`)
    previewing(chip, citation)
    return chip
  }
}

function element(name, className = '', text = '') {
  const e = document.createElement(name)
  if (className) e.className = className
  if (text) e.textContent = text
  return e
}

function tool(label, action) {
  const button = element('button', 'quiet', label)
  button.type = 'button'
  button.addEventListener('click', action)
  return button
}

// The passage behind a mark: by pointer, by keyboard, by tap.
function previewing(anchor, citation) {
  const show = () => {
    const box = $('preview')
    box.replaceChildren(
      element('strong', '', citation.title),
      citation.page ? element('small', '', words.page(citation.page)) : '',
      citation.snippet)
    box.hidden = false
    anchor.setAttribute('aria-describedby', 'preview')
    const at = anchor.getBoundingClientRect(), size = box.getBoundingClientRect()
    const above = at.top > size.height + 16
    box.style.left = `${Math.max(12, Math.min(at.left, innerWidth - size.width - 12))}px`
    box.style.top = `${above ? at.top - size.height - 8 : Math.min(at.bottom + 8, innerHeight - size.height - 12)}px`
  }
  const hide = () => {
    $('preview').hidden = true
    anchor.removeAttribute('aria-describedby')
  }
  anchor.addEventListener('mouseenter', show)
  anchor.addEventListener('focus', show)
  anchor.addEventListener('click', show)
  anchor.addEventListener('mouseleave', hide)
  anchor.addEventListener('blur', hide)
}
document.addEventListener('keydown', e => { if (e.key === 'Escape') $('preview').hidden = true })

const atEnd = () => $('scroll').scrollHeight - $('scroll').scrollTop - $('scroll').clientHeight < 80
const toEnd = () => { $('scroll').scrollTop = $('scroll').scrollHeight }
$('scroll').addEventListener('scroll', () => { $('jump').hidden = atEnd() }, { passive: true })
$('jump').addEventListener('click', toEnd)

function busy(on) {
  $('send').hidden = on
  $('stop').hidden = !on
}

async function ask(question) {
  if (abort) return
  $('empty').hidden = true
  const view = new TurnView(newTurn(question))
  views.push(view)
  toEnd()
  await run(view, signal => visitor.ask(question, signal, event => view.take(event)))
}

// Runs a stream to the end of its turn; if the connection breaks on the way, goes on where it broke.
async function run(view, first) {
  abort = new AbortController()
  busy(true)
  const { signal } = abort
  try {
    try {
      await first(signal)
    } catch (e) {
      // Before the turn began there is nothing to go on with.
      if (e instanceof Gone || view.turn.turnId === null) throw e
    }
    if (!view.turn.over) {
      await visitor.follow(() => view.turn.last, signal,
        event => { view.turn = { ...view.turn, away: false }; view.take(event) },
        () => { view.turn = { ...view.turn, away: true }; view.draw() })
    }
  } catch (e) {
    view.turn = { ...view.turn, over: true, failure: e.message || words.away }
    view.draw()
  } finally {
    abort = null
    busy(false)
    $('question').focus()
  }
}

function grow() {
  const box = $('question')
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight + 2}px`
}

$('question').addEventListener('input', grow)
$('question').addEventListener('keydown', e => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
    e.preventDefault()
    $('ask').requestSubmit()
  }
})
$('ask').addEventListener('submit', e => {
  e.preventDefault()
  const question = $('question').value.trim()
  if (!question || abort) return
  $('question').value = ''
  grow()
  ask(question)
})
$('stop').addEventListener('click', () => visitor.stop())
$('fresh').addEventListener('click', () => {
  abort?.abort()
  visitor.forget()
  views.length = 0
  $('turns').replaceChildren()
  $('empty').hidden = false
  $('question').focus()
})

async function restore() {
  if (!visitor.started) return
  const items = await visitor.messages().catch(() => [])
  for (let i = 0; i + 1 < items.length; i += 2) views.push(new TurnView(restored(items[i], items[i + 1])))
  const last = views.at(-1)
  if (last && !last.turn.over) {
    // Read from the beginning of the turn: what it says next depends on what is shown already.
    last.turn = { ...newTurn(last.turn.question), turnId: last.turn.turnId }
    await run(last, async () => {})
  }
}

try {
  const face = await visitor.face()
  document.title = face.name
  $('name').textContent = face.name
  $('description').textContent = face.description
  for (const suggestion of face.suggestions) {
    const item = element('li'), button = element('button', '', suggestion)
    button.type = 'button'
    button.addEventListener('click', () => ask(suggestion))
    item.append(button)
    $('suggestions').append(item)
  }
  await restore()
  $('empty').hidden = views.length > 0
} catch {
  $('empty').hidden = false
  $('empty-title').textContent = words.none
  $('empty').querySelector('p').textContent = words.noneText
  $('ask').hidden = true
}
