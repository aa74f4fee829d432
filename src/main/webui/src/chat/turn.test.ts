import { describe, expect, it, vi } from 'vitest'
import { SseParser, readEvents, type ServerEvent } from './sse'
import { apply, cited, newTurn, turnsOf, type Turn } from './turn'

const TEXT = 'Refunds 💶 are paid within 14 days [1]. Gift cards are not [2].'
const STREAM = `retry: 1000\n\n: keep-alive\n\nevent: turn.started\nid: 7:0\ndata: {"turnId":"7","userMessageId":"u","messageId":"m"}\n\nevent: retrieval\nid: 7:0\ndata: {"citations":[{"n":1,"passageId":"p","sourceId":"s","title":"Größe","url":null,"page":3,"snippet":"x","score":0.8}],"tookMs":6}\n\nevent: delta\nid: 7:20\ndata: ${JSON.stringify({ text: TEXT.slice(0, 20) })}\n\nevent: delta\nid: 7:${TEXT.length}\ndata: ${JSON.stringify({ text: TEXT.slice(20) })}\n\nevent: turn.completed\nid: 7:end\ndata: {"messageId":"m","finishReason":"stop","citations":[1]}\n\n`
const bytes = (text: string) => new TextEncoder().encode(text)
const read = (...chunks: Uint8Array[]) => {
  const parser = new SseParser()
  return chunks.flatMap(c => parser.push(c))
}
const play = (events: ServerEvent[], from: Turn = newTurn('q')) => events.reduce(apply, from)

describe('server-sent events', () => {
  const whole = read(bytes(STREAM))

  it('are the same however the bytes are cut', () => {
    const all = bytes(STREAM)
    expect(whole.map(e => e.name)).toEqual(['turn.started', 'retrieval', 'delta', 'delta', 'turn.completed'])
    for (let cut = 1; cut < all.length; cut++) expect(read(all.slice(0, cut), all.slice(cut))).toEqual(whole)
  })

  it('may end their lines in any of the three ways', () => {
    for (const end of ['\r\n', '\r']) expect(read(bytes(STREAM.replaceAll('\n', end) + (end === '\r' ? '\n' : '')))).toEqual(whole)
  })

  it('join data lines and pass over comments and unknown fields', () => {
    expect(read(bytes(': c\nfoo: 1\nid:5\ndata:[1,\ndata: 2]\n\n'))).toEqual([{ name: 'message', id: '5', data: [1, 2] }])
  })
})

describe('a connection', () => {
  it('is looked at by time and not by piece, and no longer than wanted', async () => {
    vi.useFakeTimers()
    const whole = Array.from({ length: 40 }, (_, i) => bytes(`event: delta\nid: 1:${i}\ndata: {}\n\n`))
    const times: number[] = []
    let left = false
    const stream = new ReadableStream({ start(c) { for (const piece of whole) c.enqueue(piece) }, cancel() { left = true } })
    const reading = readEvents(new Response(stream), events => {
      times.push(Date.now())
      return events.some(e => e.id === '1:30')
    })
    await vi.runAllTimersAsync()
    expect(await reading).toBe(true)
    expect(left).toBe(true)
    expect(times).toHaveLength(31)
    for (const [i, at] of times.slice(1).entries()) expect(at - times[i]!).toBeGreaterThanOrEqual(50)
    vi.useRealTimers()
  })
})

describe('a turn', () => {
  const events = read(bytes(STREAM))

  it('grows to its whole text', () => {
    const turn = play(events)
    expect(turn).toMatchObject({ turnId: '7', messageId: 'm', text: TEXT, over: true, finishReason: 'stop', last: '7:end' })
  })

  it('is the same when events come twice, or a reader goes on at any place', () => {
    const whole = play(events)
    expect(play(events.flatMap(e => [e, e]))).toEqual(whole)
    for (let at = 0; at <= TEXT.length; at++) {
      const rest: ServerEvent = { name: 'delta', id: `7:${TEXT.length}`, data: { text: TEXT.slice(at) } }
      const before = play([events[0]!, events[1]!, { name: 'delta', id: '7:20', data: { text: TEXT.slice(0, 20) } }])
      if (at <= 20) expect(play([rest], before).text).toBe(TEXT)
    }
  })

  it('takes nothing of another turn and nothing after its end', () => {
    const other: ServerEvent = { name: 'delta', id: '8:3', data: { text: 'abc' } }
    expect(play([events[0]!, other]).text).toBe('')
    expect(play([...events, { name: 'delta', id: `7:${TEXT.length + 1}`, data: { text: '!' } }]).text).toBe(TEXT)
  })

  it('keeps what was said when it breaks off', () => {
    const turn = play([...events.slice(0, 3), { name: 'turn.failed', id: '7:end', data: { detail: 'away' } }])
    expect(turn).toMatchObject({ text: TEXT.slice(0, 20), failure: 'away', over: true })
  })

  it('names as sources only marks that were announced', () => {
    expect(cited(play(events)).map(c => c.n)).toEqual([1])
  })

  it('that still runs is read from its beginning after a reload', () => {
    const [turn] = turnsOf([
      { id: 'q', turnId: '1', role: 'user', content: 'q', createdAt: '' },
      { id: 'a', turnId: '1', role: 'assistant', content: 'half', status: 'running', citations: [], createdAt: '' },
    ])
    expect(turn).toMatchObject({ text: '', over: false, turnId: '1' })
  })
})
