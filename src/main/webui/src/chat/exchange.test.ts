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
})
