import { Problem } from '@/api/problem'
import { call } from '@/api/session'
import { readEvents, type ServerEvent } from './sse'

/** Follows a stream of the server's events until told to stop: where it breaks it goes on after the last position, as often as need be. Ends where the server refuses. */
export async function follow(path: string, take: (event: ServerEvent, resumed: boolean) => void, signal: AbortSignal): Promise<void> {
  let last = ''
  for (let pause = 500; !signal.aborted; pause = Math.min(pause * 2, 8000)) {
    try {
      const response = await call('GET', path, { signal, headers: { Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) } })
      await readEvents(response, events => {
        pause = 500
        for (const event of events) {
          const resumed = last !== ''
          if (event.id) last = event.id
          take(event, resumed)
        }
      })
    } catch (e) {
      if (signal.aborted || (e instanceof Problem && e.status >= 400 && e.status < 500 && e.status !== 429)) return
    }
    await new Promise(resolve => setTimeout(resolve, pause))
  }
}
