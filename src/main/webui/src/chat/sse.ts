export interface ServerEvent { name: string; id: string; data: unknown }

/** Server-sent events out of a byte stream, as the HTML standard reads them: bytes may be cut anywhere, lines end in LF, CRLF or CR. */
export class SseParser {
  #text = ''
  #decoder = new TextDecoder()
  #name = ''
  #id = ''
  #data: string[] = []

  /** The whole events in what has come so far. */
  push(bytes: Uint8Array): ServerEvent[] {
    this.#text += this.#decoder.decode(bytes, { stream: true })
    const events: ServerEvent[] = []
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#text)
      if (!end) return events
      const line = this.#text.slice(0, end.index)
      this.#text = this.#text.slice(end.index + end[0].length)
      const event = this.#line(line)
      if (event) events.push(event)
    }
  }

  #line(line: string): ServerEvent | null {
    if (line === '') {
      const event = this.#data.length ? { name: this.#name || 'message', id: this.#id, data: JSON.parse(this.#data.join('\n')) as unknown } : null
      this.#name = ''
      this.#data = []
      return event
    }
    const colon = line.indexOf(':')
    if (colon === 0) return null
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#name = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    return null
  }
}

/** How often a connection is looked at, in milliseconds: twenty times a second reads as flowing, and leaves the page free in between. */
const EVERY = 50

/**
 * Hands on what came, together what came together. A stream is taken by time, not by piece: between two looks the browser gathers, so that
 * a hundred words a second cost the page no more than twenty.
 *
 * @returns whether `take` said that it has what it wanted, rather than the connection ending
 */
export async function readEvents(response: Response, take: (events: ServerEvent[]) => boolean | void): Promise<boolean> {
  const reader = response.body!.getReader()
  const parser = new SseParser()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return false
    const events = parser.push(value)
    if (events.length === 0) continue
    if (take(events)) {
      void reader.cancel().catch(() => {})
      return true
    }
    await new Promise(resolve => setTimeout(resolve, EVERY))
  }
}
