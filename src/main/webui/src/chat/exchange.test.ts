import { describe, expect, it, vi } from 'vitest'
import { exchange, type Line } from './exchange'
import { newTurn, type Turn } from './turn'

class Refused extends Error {}
const event = (name: string, id: string, data: object) => `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
const response = (text: string) => new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode(text)); c.close() } }))
const started = event('turn.started', '1:0', { turnId: '1', messageId: 'm' })
const done = event('turn.completed', '1:end', { messageId: 'm', finishReason: 'stop' })

function line(...answers: (() => Response)[]) {
  const calls: { method: string; path: string; last?: string | undefined }[] = []
  const it: Line = {
    fatal: e => e instanceof Refused,
    call: async (method, path, init) => {
      calls.push({ method, path, last: init?.headers?.['Last-Event-ID'] })
      const next = answers.shift()
      if (!next) throw new Error('cut')
      return next()
    },
  }
  return { it, calls }
}
const go = (it: Line, turn = newTurn('q'), ask = true) => exchange(it, 'c', turn, ask, () => {}, new AbortController().signal)

describe('an exchange', () => {
  it('goes on after the last position, through several cuts', async () => {
    vi.useFakeTimers()
    const text = 'one two three four'
    const part = (from: number, to: number) => event('delta', `1:${to}`, { text: text.slice(from, to) })
    const { it, calls } = line(() => response(started + part(0, 4)), () => response(part(4, 9)), () => { throw new TypeError('network') }, () => response(part(9, 18) + done))
    const result = go(it)
    await vi.runAllTimersAsync()
    expect((await result).text).toBe(text)
    expect(calls.map(c => [c.method, c.last])).toEqual([['POST', undefined], ['GET', '1:4'], ['GET', '1:9'], ['GET', '1:9']])
    vi.useRealTimers()
  })

  it('says that the server is away, and that it is back', async () => {
    vi.useFakeTimers()
    const seen: Turn[] = []
    const { it } = line(() => response(started), () => { throw new TypeError('network') }, () => response(done))
    const result = exchange(it, 'c', newTurn('q'), true, t => seen.push(t), new AbortController().signal)
    await vi.runAllTimersAsync()
    await result
    expect(seen.map(t => t.away)).toContain(true)
    expect(seen.at(-1)).toMatchObject({ away: false, over: true })
    vi.useRealTimers()
  })

  it('does not ask twice where nothing began, nor go on where it is refused', async () => {
    const never = line(() => { throw new TypeError('network') })
    await expect(go(never.it)).rejects.toThrow('network')
    expect(never.calls).toHaveLength(1)
    const refused = line(() => response(started), () => { throw new Refused('gone') })
    await expect(go(refused.it)).rejects.toThrow('gone')
  })

  it('follows a running turn from its beginning', async () => {
    const { it, calls } = line(() => response(event('delta', '1:2', { text: 'hi' }) + done))
    expect((await go(it, { ...newTurn('q'), turnId: '1' }, false)).text).toBe('hi')
    expect(calls[0]).toMatchObject({ method: 'GET', last: '1:0' })
  })

  it('ends when it is left', async () => {
    const leave = new AbortController()
    const { it } = line(() => response(started))
    const result = exchange(it, 'c', newTurn('q'), true, () => {}, leave.signal)
    setTimeout(() => leave.abort(), 20)
    await expect(result).rejects.toBeDefined()
  })

  it('loses nothing and says nothing twice over a thousand cuts, wherever they fall', async () => {
    vi.useFakeTimers()
    const text = Array.from({ length: 3000 }, (_, i) => `${i} ümlaut 💶 `).join('')
    let seed = 7
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
    let cuts = 0
    // A server as ours: it goes on after the position it is told, in pieces of its own, and the bytes end anywhere, also within an event.
    const it: Line = {
      fatal: () => false,
      call: async (_, __, init) => {
        const from = Number(init?.headers?.['Last-Event-ID']?.split(':')[1] ?? 0)
        if (cuts >= 1000) return response(event('delta', `1:${text.length}`, { text: text.slice(from) }) + done)
        cuts++
        if (random(10) === 0) throw new TypeError('network')
        let whole = from === 0 ? started : ''
        for (let at = from, n = 1 + random(3); n > 0 && at < text.length; n--) {
          const to = Math.min(text.length, at + 1 + random(20))
          whole += event('delta', `1:${to}`, { text: text.slice(at, to) })
          at = to
        }
        const bytes = new TextEncoder().encode(whole)
        const end = 1 + random(bytes.length)
        return new Response(new ReadableStream({ start(c) { c.enqueue(bytes.slice(0, end)); c.close() } }))
      },
    }
    const shown: string[] = []
    const result = exchange(it, 'c', { ...newTurn('q'), turnId: '1' }, false, t => shown.push(t.text), new AbortController().signal)
    await vi.runAllTimersAsync()
    expect((await result).text).toBe(text)
    expect(cuts).toBe(1000)
    for (const state of shown) expect(text.startsWith(state)).toBe(true)
    vi.useRealTimers()
  })

  it('shows what came together once', async () => {
    const seen: Turn[] = []
    const { it } = line(() => response(started + event('delta', '1:2', { text: 'hi' }) + event('delta', '1:4', { text: 'ho' }) + done))
    await exchange(it, 'c', newTurn('q'), true, t => seen.push(t), new AbortController().signal)
    expect(seen.map(t => t.text)).toEqual(['hiho'])
  })
})
