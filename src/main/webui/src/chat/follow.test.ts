import { afterEach, expect, it, vi } from 'vitest'
import { admitted, forget } from '@/api/session'
import { follow } from './follow'

afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals(); forget() })

it('hears every event once, in order, over a thousand cuts', async () => {
  vi.useFakeTimers()
  admitted({ accessToken: 'a', expiresIn: 1e9 })
  const last = 2000
  let seed = 11
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  let cuts = 0
  const leave = new AbortController()
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    const from = Number((init.headers as Record<string, string>)['Last-Event-ID'] ?? 0)
    cuts++
    if (random(20) === 0) return Promise.reject(new TypeError('network'))
    const all = Array.from({ length: cuts > 1000 ? last - from : 1 + random(4) }, (_, i) => from + 1 + i).filter(n => n <= last).map(n => `event: job.changed\nid: ${n}\ndata: {"n":${n}}\n\n`).join('')
    const bytes = new TextEncoder().encode(all || ': nothing new\n\n')
    const end = cuts > 1000 ? bytes.length : 1 + random(bytes.length)
    return Promise.resolve(new Response(new ReadableStream({ start(c) { c.enqueue(bytes.slice(0, end)); c.close() } })))
  })
  const heard: number[] = []
  const following = follow('/x', event => {
    heard.push((event.data as { n: number }).n)
    if (heard.length === last) leave.abort()
  }, leave.signal)
  await vi.runAllTimersAsync()
  await following
  expect(heard).toEqual(Array.from({ length: last }, (_, i) => i + 1))
  expect(cuts).toBeGreaterThan(1000)
})

it('ends where it is refused', async () => {
  admitted({ accessToken: 'a', expiresIn: 1e9 })
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{}', { status: 404 })))
  await follow('/x', () => {}, new AbortController().signal)
})
