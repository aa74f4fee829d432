import { readEvents, type ServerEvent } from './sse'
import { apply, type Turn } from './turn'

/** An authorised call below `/api/v1`. Rejects for every answer that is not a success; `fatal` tells which of those no repetition heals. */
export interface Line {
  call(method: string, path: string, init?: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response>
  fatal(error: unknown): boolean
}

const pauseFor = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, milliseconds)
    signal.addEventListener('abort', leave, { once: true })
  })

/**
 * Asks, and reads the reply to its end. Where the connection breaks it goes on after the last position seen, as often as need be:
 * nothing is lost and nothing is said twice.
 *
 * @param ask whether the question is to be sent; otherwise a reply that runs already is followed
 * @param show called with the turn whenever it grew
 */
export async function exchange(line: Line, conversation: string, begin: Turn, ask: boolean, show: (turn: Turn) => void, signal: AbortSignal): Promise<Turn> {
  const path = `/chat/conversations/${conversation}`
  let turn = begin
  let pause = 500
  const put = (next: Turn) => {
    if (next === turn) return
    turn = next
    show(turn)
  }
  const take = (events: ServerEvent[]) => {
    pause = 500
    put(events.reduce(apply, turn))
    return turn.over
  }
  if (ask) {
    try {
      await readEvents(await line.call('POST', `${path}/messages`, { body: { content: turn.question }, headers: { Accept: 'text/event-stream' }, signal }), take)
    } catch (e) {
      // Before the turn began there is nothing to go on with.
      if (signal.aborted || turn.turnId === null || line.fatal(e)) throw e
    }
  }
  while (!turn.over) {
    try {
      const headers: Record<string, string> = turn.last ? { 'Last-Event-ID': turn.last } : turn.turnId ? { 'Last-Event-ID': `${turn.turnId}:0` } : {}
      if (await readEvents(await line.call('GET', `${path}/events`, { headers, signal }), take)) break
    } catch (e) {
      if (signal.aborted || line.fatal(e)) throw e
    }
    put({ ...turn, away: true })
    await pauseFor(pause, signal)
    pause = Math.min(pause * 2, 8000)
  }
  return turn
}
