export interface Part { kind: 'same' | 'gone' | 'new'; text: string }

/** What changed from one text to the other, word by word: the longest common subsequence, by dynamic programming. */
export function words(before: string, after: string): Part[] {
  const a = before.match(/\s+|[^\s]+/g) ?? []
  const b = after.match(/\s+|[^\s]+/g) ?? []
  // Quadratic: beyond this the texts are shown whole instead.
  if (a.length * b.length > 4_000_000) return [{ kind: 'gone', text: before }, { kind: 'new', text: after }]
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) longest[i]![j] = a[i] === b[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!)
  const out: Part[] = []
  const put = (kind: Part['kind'], text: string) => {
    const last = out.at(-1)
    if (last?.kind === kind) last.text += text
    else out.push({ kind, text })
  }
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      put('same', a[i]!)
      i++
      j++
    } else if (j >= b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!)) put('gone', a[i++]!)
    else put('new', b[j++]!)
  }
  return out
}
