import { queryOptions } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { KbDocument, SearchResults } from '@/api/types'

/** Headings that say nothing about what stands below them. */
const EMPTY = /^(introduction|overview|contents|table of contents|summary|conclusion|appendix|index|abstract|references|einleitung|introducción|resumen|\W*|[\d.]+)$/i

/** Up to three headings of the documents' passages, in the order of the documents: something that is surely answered there. */
export function headings(results: SearchResults['results']): string[] {
  const seen = new Set<string>()
  for (const r of results) {
    const heading = r.headings.at(-1)?.replace(/^[\d.]+\s+/, '').trim()
    if (heading && heading.length <= 70 && !EMPTY.test(heading)) seen.add(heading)
  }
  return [...seen].slice(0, 3)
}

const ASKS = /^(who|whom|whose|what|when|where|why|which|how|can|could|may|must|do|does|did|is|are|was|will|wer|was|wann|wo|warum|wie|quién|qué|cuándo|dónde|por qué|cómo|cuánto|cuál)\b/i

/** A heading as somebody would ask it: in its own words, which are surely found, and with a question mark where it is a question. */
export const asked = (heading: string) => (ASKS.test(heading) && !/[?.!:]$/.test(heading) ? `${heading}?` : heading)

/** Questions to begin with. */
export const suggestionsQuery = (kb: string, revision: number, documents: KbDocument[]) => queryOptions({
  queryKey: ['kb', kb, 'suggestions', revision],
  queryFn: async () => {
    const ready = documents.filter(d => d.searchable)
    const found = await api.post('/knowledge-bases/{kbId}/knowledge/search', { path: { kbId: kb }, body: { query: ready.slice(-3).map(d => d.title).join(' '), limit: 20 } })
    const topics = headings(found.results)
    return (topics.length ? topics : ready.slice(-2).map(d => d.title)).map(asked)
  },
  staleTime: Infinity,
})
