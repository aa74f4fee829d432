import type { paths } from '@openapi'
import type { Line } from '@/chat/exchange'
import type { Message } from '@/chat/turn'

/** What the server shows of a shared knowledge base. */
export type Face = paths['/api/v1/public/{slug}']['get']['responses'][200]['content']['application/json']

/** Nothing is shared here any longer, or the conversation is no longer ours. */
export class Gone extends Error {}

/** Who the visitor is, in the words of the customer's server: a JSON text with `id`, perhaps `name`, `email` and `until`, and the HMAC-SHA256 of exactly that text in hex. */
export interface Proof { user: string; signature: string }

interface Kept { id: string; token: string; until: number; who?: unknown }

/** One visitor's conversation: begun with the first question, found again after a reload, its token renewed in time. */
export class Visitor implements Line {
  readonly #root: string
  readonly #site: string
  readonly #key: string
  #kept: Kept | null
  #proof: Proof | null = null

  constructor(host: string, site: string) {
    this.#root = `${host}/api/v1`
    this.#site = encodeURIComponent(site)
    this.#key = `kvasir.${site}`
    try {
      this.#kept = JSON.parse(sessionStorage.getItem(this.#key) ?? 'null') as Kept | null
    } catch {
      this.#kept = null
    }
  }

  get id() { return this.#kept?.id ?? null }

  async face(): Promise<Face> {
    return (await this.#fetch('GET', `/public/${this.#site}`)).json() as Promise<Face>
  }

  async begin(): Promise<string> {
    if (!this.#kept) this.#keep(await (await this.#fetch('POST', `/public/${this.#site}/conversations`, this.#proof ? { body: this.#proof } : {})).json() as Admission)
    return this.#kept!.id
  }

  async messages(): Promise<Message[]> {
    const all: Message[] = []
    for (let rest = ''; ;) {
      const page = await (await this.call('GET', `/chat/conversations/${this.id}/messages?limit=200${rest}`)).json() as { items: Message[]; nextCursor: string | null }
      all.push(...page.items)
      if (!page.nextCursor) return all
      rest = `&cursor=${page.nextCursor}`
    }
  }

  /** Says who asks. @returns whether that is somebody else than before, whose conversation is let go */
  identify(proof: Proof) {
    this.#proof = proof
    if (!this.#kept || this.#kept.who === this.#who) return false
    this.#drop()
    return true
  }

  get #who() {
    try {
      return this.#proof ? (JSON.parse(this.#proof.user) as { id: unknown }).id : undefined
    } catch {
      return undefined
    }
  }

  forget() {
    this.#proof = null
    this.#drop()
  }

  #drop() {
    this.#kept = null
    try { sessionStorage.removeItem(this.#key) } catch { /* a frame without storage keeps it in memory */ }
  }

  fatal = (e: unknown) => e instanceof Gone

  async call(method: string, path: string, init: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Response> {
    const kept = this.#kept
    if (!kept) throw new Gone()
    if (kept.until - Date.now() < 60_000) this.#keep({ id: kept.id, ...(await (await this.#fetch('POST', `/public/${this.#site}/conversations/${kept.id}/token`, {}, kept.token)).json() as object) } as Admission)
    return this.#fetch(method, path, init, this.#kept!.token)
  }

  async #fetch(method: string, path: string, { body, headers, signal }: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {}, token?: string) {
    const response = await fetch(this.#root + path, {
      method, signal: signal ?? null, credentials: 'omit', body: body === undefined ? null : JSON.stringify(body),
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    })
    if (response.ok) return response
    if ([401, 404].includes(response.status)) {
      this.#drop()
      throw new Gone()
    }
    throw new Error(((await response.json().catch(() => ({}))) as { detail?: string }).detail ?? response.statusText)
  }

  #keep({ id, accessToken, expiresIn }: Admission) {
    this.#kept = { id, token: accessToken, until: Date.now() + expiresIn * 1000, who: this.#who }
    try { sessionStorage.setItem(this.#key, JSON.stringify(this.#kept)) } catch { /* as above */ }
  }
}

type Admission = paths['/api/v1/public/{slug}/conversations']['post']['responses'][201]['content']['application/json']
