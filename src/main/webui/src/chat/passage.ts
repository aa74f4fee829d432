/** An address that opens a web page at the passage itself (a text fragment); null where the address is none a click may open. */
export function passageLink(url: string, snippet: string): string | null {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    return null
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return null
  const words = snippet.replace(/[.…]+$/, '').split(/\s+/).filter(Boolean)
  if (words.length === 0) return parsed.href
  const encode = (part: string[]) => encodeURIComponent(part.join(' ')).replace(/-/g, '%2D')
  const fragment = words.length <= 10 ? encode(words) : `${encode(words.slice(0, 5))},${encode(words.slice(-5))}`
  return `${parsed.href}${parsed.hash ? '' : '#'}:~:text=${fragment}`
}
