/** A refusal of the server (RFC 9457), or no answer at all: status 0. */
export class Problem extends Error {
  readonly status: number
  readonly type: string
  readonly requestId: string | undefined
  readonly errors: { pointer: string; detail: string }[]
  readonly retryAfter: number | undefined

  constructor(status: number, body: { type?: string; title?: string; detail?: string; requestId?: string; errors?: { pointer: string; detail: string }[] }, retryAfter?: number) {
    super(body.detail ?? body.title ?? '')
    this.status = status
    this.type = body.type ?? 'about:blank'
    this.requestId = body.requestId
    this.errors = body.errors ?? []
    this.retryAfter = retryAfter
  }

  static async of(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => ({}))
    const wait = Number(response.headers.get('Retry-After'))
    return new Problem(response.status, typeof body === 'object' && body !== null ? body : {}, Number.isFinite(wait) && wait > 0 ? wait : undefined)
  }
}

export const isMissing = (error: unknown) => error instanceof Problem && (error.status === 404 || error.status === 405 || error.status === 501)
export const isForbidden = (error: unknown) => error instanceof Problem && error.status === 403
