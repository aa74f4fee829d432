import type { paths } from '@openapi'

/**
 * What the server's own document says of each operation. It is made anew of every server that is built (scripts/types.mjs): where a field
 * that is used here changes there, the checker of types says so.
 */
type Below = { [P in keyof paths as P extends `/api/v1${infer Rest}` ? Rest : never]: paths[P] }

export type Method = 'get' | 'post' | 'put' | 'delete'
/** The paths below `/api/v1` that know a method. */
export type PathOf<M extends Method> = { [P in keyof Below]: Below[P] extends Record<M, { responses: unknown }> ? P : never }[keyof Below] & string
type Operation<M extends Method, P> = P extends keyof Below ? (Below[P] extends Record<M, infer O> ? O : never) : never

type Json<R> = R extends { content: { 'application/json': infer A } } ? A : undefined
type Successes<R> = { [S in keyof R & (200 | 201 | 202 | 204)]: Json<R[S]> }[keyof R & (200 | 201 | 202 | 204)]
/** The JSON of a success; undefined where there is none. */
export type Answer<M extends Method, P extends PathOf<M>> = Operation<M, P> extends { responses: infer R } ? Successes<R> : never
/** The JSON that is sent. */
export type Body<M extends Method, P extends PathOf<M>> = Sent<Operation<M, P>>
/** One of a list. */
export type Item<P extends PathOf<'get'>> = Answer<'get', P> extends { items: (infer I)[] } ? I : never
/** The paths that answer with pages. */
export type ListPath = { [P in PathOf<'get'>]: Answer<'get', P> extends { items: unknown[]; nextCursor: string | null } ? P : never }[PathOf<'get'>]

type Sent<O> = O extends { requestBody?: { content: infer C } } ? (C extends { 'application/json': infer B } ? B : C extends { 'multipart/form-data': unknown } ? FormData : never) : never
type Named<O, In extends 'path' | 'query'> = O extends { parameters: { [I in In]?: infer V } } ? Exclude<V, undefined> : never
type Part<K extends string, V, Needed> = [V] extends [never] ? unknown : Needed extends true ? { [I in K]: V } : { [I in K]?: V }
/** What a call is given beside its path. */
export type Given<M extends Method, P extends PathOf<M>, O = Operation<M, P>> =
  & Part<'path', Named<O, 'path'>, true>
  & Part<'query', Named<O, 'query'>, false>
  & Part<'body', Sent<O>, O extends { requestBody: unknown } ? true : false>
  & { signal?: AbortSignal }
/** May be left out where nothing is needed. */
export type Rest<G> = object extends G ? [given?: G] : [given: G]

/** Parameters of any path. */
export interface Where { path?: Record<string, string>; query?: Record<string, unknown> }

/** A path with its parameters in place, and what is asked for behind it; what is undefined is not asked for. */
export function address(template: string, { path = {}, query = {} }: Where = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const filled = template.replace(/\{(\w+)\}/g, (whole, name: string) => (path[name] === undefined ? whole : encodeURIComponent(path[name])))
  return pairs.length ? `${filled}?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString()}` : filled
}
