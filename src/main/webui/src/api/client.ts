import { call } from './session'

async function json<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const api = {
  get: async <T>(path: string, signal?: AbortSignal) => json<T>(await call('GET', path, { ...(signal && { signal }) })),
  post: async <T>(path: string, body?: unknown) =>
    json<T>(await call('POST', path, { ...(body !== undefined && { body }), headers: { Accept: 'application/json', 'Idempotency-Key': crypto.randomUUID() } })),
  put: async <T>(path: string, body: unknown) => json<T>(await call('PUT', path, { body })),
  delete: async (path: string) => json<void>(await call('DELETE', path)),
}

/** `?a=1&b=2` of what is given. */
export function query(params: Record<string, string | number | boolean | undefined | null>): string {
  const pairs = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return pairs.length ? `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString()}` : ''
}
