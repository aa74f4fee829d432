import { address, type Answer, type Given, type Item, type ListPath, type Method, type PathOf, type Rest } from './contract'
import { call } from './session'

/** Any answer as it comes: a file, a text. @throws Problem for every answer that is not a success */
export function raw<M extends Method, P extends PathOf<M>>(method: M, path: P, ...[given]: Rest<Given<M, P>>): Promise<Response> {
  const { body, signal, ...where } = (given ?? {}) as { body?: unknown; signal?: AbortSignal; path?: Record<string, string>; query?: Record<string, unknown> }
  return call(method.toUpperCase(), address(path, where), {
    ...(signal && { signal }), ...(body !== undefined && { body }),
    // A POST that is repeated because its answer got lost is done once.
    ...(method === 'post' && { headers: { Accept: 'application/json', 'Idempotency-Key': crypto.randomUUID() } }),
  })
}

const json = <M extends Method>(method: M) => async <P extends PathOf<M>>(path: P, ...given: Rest<Given<M, P>>): Promise<Answer<M, P>> => {
  const text = await (await raw(method, path, ...given)).text()
  return (text ? JSON.parse(text) : undefined) as Answer<M, P>
}

/** Calls of the server by method and path, as its document names them; parameters, body and answer are typed by it. */
export const api = { get: json('get'), post: json('post'), put: json('put'), delete: json('delete') }

/** All pages of a list. */
export async function all<P extends ListPath>(path: P, given: Given<'get', P>): Promise<Item<P>[]> {
  const items: Item<P>[] = []
  let cursor: string | null = null
  do {
    const { query, ...rest } = given as { query?: Record<string, unknown> }
    const page: { items: Item<P>[]; nextCursor: string | null } = await (await raw('get', path, ...([{ ...rest, query: { ...query, limit: 200, cursor } }] as unknown as Rest<Given<'get', P>>))).json()
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor)
  return items
}
