import type { Options, Panel } from './panel'
import type { Proof } from './visitor'

declare const __PANEL__: string

/** Everything a page may ask of the widget; calls that come before it is there wait in `kb.q`. */
type Call = [name: string, argument?: unknown]
interface Kb { (...call: Call): void; q?: Call[] }

const script = [...document.querySelectorAll<HTMLScriptElement>('script[data-kb-site]')].find(s => s.src === import.meta.url)
if (script && !script.dataset.kbReady) {
  script.dataset.kbReady = '1'
  const data = script.dataset
  const host = new URL(import.meta.url).origin
  const inline = data.kbMode === 'inline'
  const emit = (name: string, detail?: unknown) => dispatchEvent(new CustomEvent(`kb:${name}`, { detail }))
  const box = document.createElement('div')
  const view = document.createElement('div')
  const button = document.createElement('button')
  let panel: Promise<Panel> | null = null
  let open = inline

  const load = () => (panel ??= (import(/* @vite-ignore */ host + __PANEL__) as Promise<typeof import('./panel')>).then(({ mount }) => mount(view, {
    host, site: data.kbSite!, lang: data.kbLang ?? (document.documentElement.lang || navigator.language), theme: (data.kbTheme ?? 'auto') as Options['theme'], accent: data.kbAccent, followup: data.kbFollowup, emit, onClose: inline ? undefined : () => toggle(false),
  })))
  const toggle = (on: boolean) => {
    if (!inline && on !== open) {
      open = on
      view.hidden = !on
      button.setAttribute('aria-expanded', `${on}`)
      emit(on ? 'open' : 'close')
      if (on) void load().then(p => p.focus(), e => emit('error', { message: `${e}` }))
      else button.focus()
    }
    return load()
  }
  const act = ([name, argument]: Call) => {
    if (name === 'open' || name === 'close') void toggle(name === 'open')
    else if (name === 'toggle') void toggle(!open)
    else if (name === 'ask') void toggle(true).then(p => p.ask(`${argument}`))
    else if (name === 'hide' || name === 'show') box.hidden = name === 'hide'
    else if (name === 'identify') void load().then(p => p.identify(argument as Proof))
    else if (name === 'reset') void load().then(p => p.reset())
    else if (name === 'destroy') {
      void panel?.then(p => p.destroy())
      box.remove()
    } else emit('error', { message: `unknown call ${name}` })
  }

  if (inline) {
    (document.querySelector(data.kbTarget ?? '') ?? script.parentElement!).append(box)
    box.append(view)
    box.style.height = '100%'
    void load()
  } else {
    const side = data.kbPosition === 'left' ? 'left' : 'right'
    const root = box.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`:host([hidden]),[hidden]{display:none!important}div,button{position:fixed;z-index:2147483000;${side}:20px}div{bottom:84px;width:min(400px,calc(100vw - 40px));height:min(640px,calc(100dvh - 104px));border-radius:16px;overflow:hidden;box-shadow:0 8px 40px #0003,0 0 0 1px #0001}button{bottom:20px;width:52px;height:52px;border:0;border-radius:50%;background:${CSS.supports('color', data.kbAccent ?? '') ? data.kbAccent : '#4453c9'};color:#fff;font:600 24px/1 system-ui;cursor:pointer;box-shadow:0 4px 16px #0004}button:focus-visible{outline:3px solid;outline-offset:2px}@media(max-width:480px){div{inset:0;width:auto;height:auto;border-radius:0}div:not([hidden])+button{display:none}}`)
    root.adoptedStyleSheets = [sheet]
    button.textContent = '?'
    button.ariaLabel = (data.kbLang ?? navigator.language).startsWith('es') ? 'Haz una pregunta' : 'Ask a question'
    button.ariaExpanded = 'false'
    view.hidden = true
    button.onclick = () => void toggle(!open)
    button.onpointerenter = () => void load()
    root.append(view, button)
    document.body.append(box)
  }
  const kb: Kb = (...call) => act(call)
  const waiting = (window as unknown as { kb?: Kb }).kb?.q ?? [];
  (window as unknown as { kb: Kb }).kb = kb
  for (const call of waiting) act([...call] as Call)
  emit('ready')
}
