// The calls of a visitor. A cut stream goes on from the last position it saw; nothing is lost, nothing comes twice.
import { SseParser } from './sse.js'

const ROOT = '/api/v1'
const KEPT = 'kvasir-conversation'

export class Gone extends Error {}

export class Visitor {
  #slug
  #kept

  constructor(slug) {
    this.#slug = slug
    this.#kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null')
  }

  async face() {
    const response = await fetch(`${ROOT}/public/${this.#slug}`)
    if (!response.ok) throw new Gone()
    return response.json()
  }

  get started() { return this.#kept !== null }

  forget() { this.#keep(null) }

  async messages() {
    const response = await this.#call('GET', '/messages?limit=200')
    return (await response.json()).items
  }

  async ask(content, signal, take) {
    if (!this.started) await this.#start()
    const response = await this.#call('POST', '/messages', { content }, { Accept: 'text/event-stream' }, signal)
    await this.#read(response, signal, take)
  }

  /** Reads on after a position until the turn is over, however often the connection breaks. */
  async follow(last, signal, take, away) {
    for (let pause = 500; ; pause = Math.min(pause * 2, 8000)) {
      try {
        const at = last()
        const response = await this.#call('GET', '/events', undefined, at ? { 'Last-Event-ID': at } : {}, signal)
        if (await this.#read(response, signal, event => { pause = 500; take(event) })) return
      } catch (e) {
        if (signal.aborted || e instanceof Gone) throw e
      }
      away()
      await new Promise(go => setTimeout(go, pause))
    }
  }

  stop() { return this.#call('POST', '/stop', {}) }

  rate(messageId, rating) {
    return this.#fetch('POST', `${ROOT}/chat/messages/${messageId}/feedback`, { rating })
  }

  /** @returns whether the turn ended, rather than the connection */
  async #read(response, signal, take) {
    const reader = response.body.getReader()
    const parser = new SseParser()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return false
      for (const event of parser.push(value)) {
        take(event)
        if (event.id.endsWith(':end')) {
          reader.cancel()
          return true
        }
      }
    }
  }

  async #start() {
    const response = await fetch(`${ROOT}/public/${this.#slug}/conversations`, { method: 'POST' })
    if (!response.ok) throw new Gone()
    this.#admitted(await response.json())
  }

  async #call(method, path, body, headers = {}, signal) {
    if (this.#kept.until - Date.now() < 60_000) await this.#renew()
    return this.#fetch(method, `${ROOT}/chat/conversations/${this.#kept.id}${path}`, body, headers, signal)
  }

  async #renew() {
    const response = await fetch(`${ROOT}/public/${this.#slug}/conversations/${this.#kept.id}/token`, {
      method: 'POST', headers: { Authorization: `Bearer ${this.#kept.token}` },
    })
    if (!response.ok) { this.forget(); throw new Gone() }
    this.#admitted({ id: this.#kept.id, ...(await response.json()) })
  }

  async #fetch(method, url, body, headers = {}, signal) {
    const response = await fetch(url, {
      method, signal, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { Authorization: `Bearer ${this.#kept.token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    })
    if (response.status === 401 || response.status === 404) { this.forget(); throw new Gone() }
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail ?? response.statusText)
    return response
  }

  #admitted({ id, accessToken, expiresIn }) {
    this.#keep({ id, token: accessToken, until: Date.now() + expiresIn * 1000 })
  }

  #keep(value) {
    this.#kept = value
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value)); else sessionStorage.removeItem(KEPT)
  }
}
