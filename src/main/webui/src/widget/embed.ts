import './page.css'
import { mount } from './panel'
import type { Proof } from './visitor'

/** The panel alone, for a frame in somebody's page. Tells the page around only that something happened, and only the page that framed us. */
const main = document.getElementById('kvasir')!
const wish = new URLSearchParams(location.search)
const parent = document.referrer ? new URL(document.referrer).origin : null
const tell = (name: string) => { if (parent && window.parent !== window) window.parent.postMessage({ source: 'kvasir', name }, parent) }
const theme = wish.get('theme')
const panel = mount(main, {
  host: location.origin, site: main.dataset.site!, lang: wish.get('lang') ?? navigator.language, theme: theme === 'light' || theme === 'dark' ? theme : 'auto', accent: wish.get('accent') ?? undefined, emit: tell,
})
addEventListener('message', event => {
  if (event.source !== window.parent || event.origin !== parent) return
  const data: unknown = event.data
  if (typeof data !== 'object' || data === null || (data as { source?: unknown }).source !== 'kvasir-host') return
  const { name, argument } = data as { name?: unknown; argument?: unknown }
  if (name === 'ask' && typeof argument === 'string') panel.ask(argument)
  else if (name === 'identify' && typeof argument === 'object') panel.identify(argument as Proof)
  else if (name === 'reset') panel.reset()
  else if (name === 'focus') panel.focus()
})
tell('ready')
