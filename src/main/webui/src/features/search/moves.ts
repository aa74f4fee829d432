import type { SearchResult } from '@/api/types'

/** The order in which stages run; others, as they come. */
const ORDER = ['dense', 'keyword', 'fusion', 'mmr', 'rerank']

export function stageNames(results: SearchResult[]): string[] {
  const names = new Set(results.flatMap(r => Object.keys(r.stages ?? {})))
  return [...names].sort((a, b) => (ORDER.indexOf(a) + 1 || 99) - (ORDER.indexOf(b) + 1 || 99))
}

/** How many places a passage rose (or fell, below zero) from its best rank in the legs to where it ended; null where no leg had it. */
export function move(result: SearchResult, finalRank: number): number | null {
  const ranks = ['dense', 'keyword'].flatMap(leg => result.stages?.[leg]?.rank ?? [])
  return ranks.length ? Math.min(...ranks) - finalRank : null
}

/** Pieces of a text, each said whether a word of the query stands in it. Words are compared without case and by their beginning. */
export function highlight(text: string, query: string): { text: string; hit: boolean }[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []
  if (words.length === 0) return [{ text, hit: false }]
  const stems = words.map(w => w.slice(0, Math.max(3, w.length - 2)).replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const hit = new RegExp(String.raw`(?<![\p{L}\p{N}])((?:${stems.join('|')})[\p{L}\p{N}]*)`, 'giu')
  return text.split(hit).filter(Boolean).map(part => ({ text: part, hit: new RegExp(`^(?:${stems.join('|')})`, 'iu').test(part) }))
}
