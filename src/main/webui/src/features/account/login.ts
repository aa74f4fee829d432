import type { Answer } from '@/api/contract'
import { Problem } from '@/api/problem'
import { admitted, challenged, inside, login } from '@/api/session'
import { language } from '@/lib/language'
import { startTheme } from '@/lib/theme'
import { WORDS, type Word } from './words'

// Brings the login to life (LoginPage.tsx says what stands there).
const given = new URLSearchParams(location.search)
const words = WORDS[language()]
const by = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E
const email = by<HTMLInputElement>('email')
const password = by<HTMLInputElement>('password')
const button = by<HTMLButtonElement>('enter')
const form = button.form!

/** In the language that was chosen here, where the browser asked for the page in another one. */
function speak() {
  if (document.documentElement.lang === language()) return
  document.documentElement.lang = language()
  document.title = `${words.title} · Kvasir`
  for (const said of document.querySelectorAll<HTMLElement>('[data-word]')) said.textContent = words[said.dataset.word as Word]
}

function busy(is: boolean) {
  button.disabled = is
  button.ariaBusy = is ? 'true' : null
}

/** @return whether something stands in it */
function filled(input: HTMLInputElement, needed: string) {
  const empty = input.value === ''
  by(`${input.id}-error`).textContent = empty ? needed : ''
  input.ariaInvalid = empty ? 'true' : null
  if (empty) input.focus()
  return !empty
}

function complain({ status, message, retryAfter = 60 }: Problem) {
  by('complaint').textContent =
    status === 0 ? words.away
    : status === 401 ? words.wrong
    : status === 429 ? words[retryAfter === 1 ? 'tooMany_one' : 'tooMany_other'].replace('{{count}}', String(retryAfter))
    : message || words.failed
  password.value = ''
  password.focus()
}

async function enter() {
  by('complaint').textContent = ''
  // The last one looked at has the focus: the first that is missing.
  const whole = [filled(password, words.passwordNeeded), filled(email, words.emailNeeded)]
  if (whole.includes(false)) return
  busy(true)
  try {
    const answer = await login({ email: email.value, password: password.value })
    if ('challenge' in answer) {
      challenged(answer.challenge)
      location.assign('/mfa')
    } else {
      admitted(answer)
      // The login is no place to come back to.
      location.replace(inside(given.get('next')))
    }
  } catch (e) {
    busy(false)
    complain(e instanceof Problem ? e : new Problem(500, {}))
  }
}

/** Ways in that this server is set up for, of those we know how to show. */
async function offer() {
  const answer = await fetch('/api/v1/oauth/providers')
  const { providers } = answer.ok ? ((await answer.json()) as Answer<'get', '/oauth/providers'>) : { providers: [] }
  for (const provider of providers) for (const link of document.querySelectorAll<HTMLElement>(`#providers > #${CSS.escape(provider)}`)) by('providers').hidden = link.hidden = false
}

/** What can be asked without an account. */
async function offerDemo() {
  by('demo').hidden = !(await fetch('/api/v1/public/demo')).ok
}

/** Whoever types will want the dashboard: it lies in the browser's cache then. */
function fetchAhead() {
  for (const address of document.body.dataset.ahead!.split(' ')) void fetch(address, { priority: 'low' }).catch(() => {})
}

startTheme()
speak()
form.addEventListener('submit', event => {
  event.preventDefault()
  void enter()
})
form.addEventListener('input', fetchAhead, { once: true })
// Back from where one had gone on to: the page stands as it was left.
addEventListener('pageshow', () => busy(false))
email.value ||= given.get('email') ?? ''
;(email.value ? password : email).focus()
void offer().catch(() => {})
void offerDemo().catch(() => {})
