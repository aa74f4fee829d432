// Server-sent events out of a byte stream, as the HTML standard reads them (event, id and data lines; the rest is passed over).
export class SseParser {
  #text = ''
  #decoder = new TextDecoder()

  /** The whole events in what has come so far. Bytes may be cut anywhere. */
  push(bytes) {
    this.#text += this.#decoder.decode(bytes, { stream: true })
    const events = []
    let end
    while ((end = this.#text.indexOf('\n\n')) >= 0) {
      const event = parse(this.#text.slice(0, end))
      this.#text = this.#text.slice(end + 2)
      if (event) events.push(event)
    }
    return events
  }
}

function parse(block) {
  let name = 'message', id = '', data = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7)
    else if (line.startsWith('id: ')) id = line.slice(4)
    else if (line.startsWith('data: ')) data += line.slice(6)
  }
  return data ? { name, id, data: JSON.parse(data) } : null
}
