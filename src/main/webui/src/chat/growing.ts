/** The text of an answer while it is written: who draws it listens, so that nothing else on the page is drawn again for a word. */
export class Growing {
  #text = ''
  readonly #listeners = new Set<() => void>()

  get text() {
    return this.#text
  }

  put(text: string) {
    this.#text = text
    for (const listener of this.#listeners) listener()
  }

  /** @returns no longer listens. Who listened first is told first */
  on(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }
}
