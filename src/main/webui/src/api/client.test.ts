import { afterEach, describe, expect, it, vi } from 'vitest'
import { all, api } from './client'
import { address } from './contract'
import { Problem } from './problem'
import { admitted, forget } from './session'

const sent: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = []
function answering(...answers: Response[]) {
  admitted({ accessToken: 'a', expiresIn: 900 })
  sent.length = 0
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    sent.push({ url, method: init.method!, headers: init.headers as Record<string, string>, body: init.body })
    return Promise.resolve(answers.shift()!)
  })
}
afterEach(() => { vi.unstubAllGlobals(); forget() })

describe('an address', () => {
  it('has its parameters in place, whatever stands in them', () => {
    expect(address('/a/{one}/b/{two}', { path: { one: 'x/y', two: 'ä?' } })).toBe('/a/x%2Fy/b/%C3%A4%3F')
  })
  it('asks for what is given only', () => {
    expect(address('/a', { query: { limit: 5, cursor: null, q: '', status: undefined, word: 'a b', no: false } })).toBe('/a?limit=5&word=a+b&no=false')
  })
})

describe('a call', () => {
  it('sends body and key of a POST, and reads what comes', async () => {
    answering(Response.json({ id: '1' }, { status: 201 }))
    expect(await api.post('/chat/conversations', { body: { kbId: 'k' } })).toEqual({ id: '1' })
    expect(sent[0]).toMatchObject({ url: '/api/v1/chat/conversations', method: 'POST', body: '{"kbId":"k"}' })
    expect(sent[0]!.headers['Idempotency-Key']).toMatch(/^[0-9a-f-]{36}$/)
  })
  it('reads nothing where nothing comes', async () => {
    answering(new Response(null, { status: 204 }), new Response(null, { status: 202 }))
    expect(await api.delete('/api-keys/{keyId}', { path: { keyId: 'k' } })).toBeUndefined()
    expect(await api.post('/auth/password/forgot', { body: { email: 'a@b.example' } })).toBeUndefined()
    expect(sent[0]!.headers['Idempotency-Key']).toBeUndefined()
  })
  it('says what was refused', async () => {
    answering(Response.json({ type: 'urn:x', detail: 'No such thing', requestId: 'r' }, { status: 404 }))
    await expect(api.get('/knowledge-bases/{kbId}', { path: { kbId: 'k' } })).rejects.toEqual(new Problem(404, { type: 'urn:x', detail: 'No such thing', requestId: 'r' }))
  })
  it('sends files as they are', async () => {
    answering(Response.json({ created: 1, updated: 0, unchanged: 0 }))
    const body = new FormData()
    await api.post('/knowledge-bases/{kbId}/knowledge/import', { path: { kbId: 'k' }, body })
    expect(sent[0]!.body).toBe(body)
    expect(sent[0]!.headers['Content-Type']).toBeUndefined()
  })
})

it('a list is read to its last page', async () => {
  answering(Response.json({ items: [{ id: 'a' }], nextCursor: 'next one' }), Response.json({ items: [{ id: 'b' }], nextCursor: null }))
  expect((await all('/members', {})).map(m => m.id)).toEqual(['a', 'b'])
  expect(sent.map(s => s.url)).toEqual(['/api/v1/members?limit=200', '/api/v1/members?limit=200&cursor=next+one'])
})
