import type { Answer, Body } from './contract'
import { Problem } from './problem'
import type { Access } from './types'

/**
 * Who is logged in. The access token lives a quarter of an hour; a fresh one comes by the refresh cookie. Where the server offers no
 * refresh the token is kept for this tab alone, so that a reload does not end the session.
 */
const KEY = 'kvasir.session'
const CHALLENGE = 'kvasir.challenge'

interface Kept { token: string; until: number }

let kept: Kept | null = read()
let renewing: Promise<boolean> | null = null
const listeners = new Set<() => void>()

function read(): Kept | null {
  try {
    const value = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null
    return value && value.until > Date.now() ? value : null
  } catch {
    return null
  }
}

function keep(value: Kept | null) {
  kept = value
  if (value) sessionStorage.setItem(KEY, JSON.stringify(value))
  else sessionStorage.removeItem(KEY)
  for (const listener of listeners) listener()
}

export const admitted = ({ accessToken, expiresIn }: Pick<Access, 'accessToken' | 'expiresIn'>) => {
  sessionStorage.removeItem(CHALLENGE)
  keep({ token: accessToken, until: Date.now() + expiresIn * 1000 })
}
export const forget = () => keep(null)

/** The challenge of a second factor that is waited for: for this tab alone, and not in the address. */
export const challenged = (challenge: string) => sessionStorage.setItem(CHALLENGE, challenge)
export const challenge = () => sessionStorage.getItem(CHALLENGE) ?? ''

/** Where one goes once one is in: to where one was going, or to one's knowledge bases. Only to a room of ours. */
export const inside = (next?: string | null) => (next && /^\/t\/[\w-]+\//.test(next) ? next : '/t/me/kbs')

/** The address of the login (a page of its own), from which one comes back. */
export const loginAddress = (next?: string) => `/login${next ? `?${new URLSearchParams({ next }).toString()}` : ''}`
export const onSession = (listener: () => void) => {
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}

/** Trades the refresh cookie for a fresh token; one request however many ask. */
export function renew(): Promise<boolean> {
  renewing ??= fetch('/api/v1/auth/refresh', { method: 'POST', credentials: 'same-origin' })
    .then(async response => {
      if (!response.ok) return false
      admitted((await response.json()) as Access)
      return true
    })
    .catch(() => false)
    .finally(() => { renewing = null })
  return renewing
}

/** A token that is good for at least another half minute, or null: log in. */
export async function token(): Promise<string | null> {
  if (kept && kept.until - Date.now() > 30_000) return kept.token
  if (await renew()) return kept?.token ?? null
  return kept && kept.until > Date.now() ? kept.token : null
}

/** A call with the caller's credential. @throws Problem for every answer that is not a success */
export async function call(method: string, path: string, init: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Response> {
  const send = async (bearer: string | null) => {
    const form = init.body instanceof FormData
    const headers: Record<string, string> = { ...init.headers }
    if (bearer) headers.Authorization = `Bearer ${bearer}`
    if (init.body !== undefined && !form) headers['Content-Type'] ??= 'application/json'
    const body = init.body === undefined ? null : form ? (init.body as FormData) : typeof init.body === 'string' ? init.body : JSON.stringify(init.body)
    try {
      return await fetch(`/api/v1${path}`, { method, headers, body, signal: init.signal ?? null, credentials: 'same-origin' })
    } catch (e) {
      if (init.signal?.aborted) throw e
      throw new Problem(0, {})
    }
  }
  let response = await send(await token())
  if (response.status === 401 && !path.startsWith('/auth/login') && (await renew())) response = await send(await token())
  if (response.ok) return response
  const problem = await Problem.of(response)
  if (response.status === 401 && !path.startsWith('/auth/')) forget()
  throw problem
}

/** Logs in; the refresh token comes as a cookie, out of scripts' reach. */
export async function login(body: Omit<Body<'post', '/auth/login'>, 'cookie'>): Promise<Answer<'post', '/auth/login'>> {
  const answer = await call('POST', '/auth/login', { body: { ...body, cookie: true }, headers: { Accept: 'application/json' } })
  return (await answer.json()) as Answer<'post', '/auth/login'>
}

/** Ends the session here and at the server. */
export async function logout() {
  try {
    await call('POST', '/auth/logout')
  } catch {
    // Forgotten here in any case; the server forgets by itself when the session runs out.
  }
  forget()
}
