// Markdown as elements: what answers use of CommonMark, and the tables of GFM. There is no HTML in it: text becomes text, and only the
// elements named here are ever made. Every look ahead is bounded, so that no text, however hostile, takes more than its length.
import { blocks } from './blocks'
import { h, type Child, type VNode } from './dom'

/** Draws a citation; null where the number was never announced. */
export type Mark = (n: number) => VNode | null

/** How far a mark may be from the one that closes it, in UTF-16 units. */
const INLINE = new RegExp([
  /\\([!-/:-@[-`{-~])/, // 1: a character that is meant as itself
  /(?<!`)(`{1,3})(?!`)([^`]|[^`][^]{0,1000}?[^`])\2(?!`)/, // 2, 3: code
  /\*\*(?=\S)([^]{1,1000}?)(?<=[^\s\\])\*\*(?!\*)/, // 4
  /(?<!\w)__(?=\S)([^]{1,1000}?)(?<=[^\s\\])__(?!\w)/, // 5
  /\*(?=[^\s*])((?:[^*]|\*\*){1,1000}?)(?<=[^\s\\])\*(?!\*)/, // 6
  /(?<!\w)_(?=[^\s_])([^_]{1,1000}?)(?<=[^\s\\])_(?!\w)/, // 7
  /~~(?=\S)([^~]{1,1000}?)(?<=\S)~~/, // 8
  /\[(\d{1,3})\](?!\()/, // 9: a citation
  /(!?)\[([^[\]]{0,200})\]\(<?([^()\s<>]{0,2000}(?:\([^()\s<>]{0,200}\)[^()\s<>]{0,200})?)>?(?: {1,9}"[^"]{0,200}")?\)/, // 10, 11, 12: a link, or a picture with its words
  /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/, // 13
  /(?<!\w)(https?:\/\/[^\s<>*`]{1,2000})/, // 14
  /( {2,9}|\\)\n/, // 15: an end of line that is meant
].map(r => r.source).join('|'), 'g')

/** The address, if a click on it can only open a page or a mail. */
export function safe(address: string): string | null {
  try {
    const url = new URL(address)
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

const link = (href: string, inside: Child) => h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, inside)

/** A bare address without what ends the sentence it stands in; a parenthesis that was opened in the address belongs to it (GFM 6.9). */
function withoutEnd(bare: string): string {
  let unopened = bare.split(')').length - bare.split('(').length
  let end = bare.length
  for (; end > 0; end--) {
    const last = bare[end - 1]!
    if (last === ')' ? unopened <= 0 : !'.,;:!?\'"*_~]'.includes(last)) break
    if (last === ')') unopened--
  }
  return bare.slice(0, end)
}

function inline(text: string, mark: Mark): Child[] {
  const out: Child[] = []
  let at = 0
  for (const m of text.matchAll(INLINE)) {
    // What was taken along with a bare address is behind the place where the next match began.
    if (m.index < at) continue
    out.push(text.slice(at, m.index))
    at = m.index + m[0].length
    const [whole, self, , code, strong, strong_, em, em_, gone, cite, picture, words, address, angled, bare, rest] = m
    const bold = strong ?? strong_
    const slanted = em ?? em_
    if (self) out.push(self)
    else if (code) out.push(h('code', null, code.replace(/^ (.*[^ ].*) $/, '$1')))
    else if (bold) out.push(h('strong', null, inline(bold, mark)))
    else if (slanted) out.push(h('em', null, inline(slanted, mark)))
    else if (gone) out.push(h('del', null, inline(gone, mark)))
    else if (cite) out.push(mark(Number(cite)))
    else if (picture) out.push(words)
    else if (words !== undefined) {
      const href = safe(address!)
      // No link stands in a link.
      out.push(href ? link(href, words.includes('://') ? words : inline(words, () => null)) : whole)
    } else if (angled) out.push(safe(angled) ? link(safe(angled)!, angled.replace(/^mailto:/, '')) : whole)
    else if (bare) {
      const ended = withoutEnd(bare)
      const href = safe(ended)
      out.push(href ? link(href, ended) : ended)
      at -= bare.length - ended.length
    } else if (rest) out.push(h('br', null))
  }
  return [...out, text.slice(at)]
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*))?$/
const UNDERLINE = /^ {0,3}(?:={2,}|-{2,})\s*$/
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/
const QUOTE = /^ {0,3}> ?/
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?: +|$)/
const COLUMNS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/
/** How deep lists and quotes may stand in each other; what goes deeper is text. */
const DEEPEST = 8

const cells = (line: string) => line.trim().replace(/^\||(?<!\\)\|$/g, '').split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll(String.raw`\|`, '|'))
const starts = (line: string) => FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || ITEM.test(line) || RULE.test(line)

function flow(lines: string[], mark: Mark, depth = 0): Child[] {
  const out: Child[] = []
  const nested = depth < DEEPEST
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!
    const fence = FENCE.exec(line)?.[1]
    const heading = HEADING.exec(line)
    const head = line.includes('|') && COLUMNS.test(lines[i + 1] ?? '') ? cells(line) : []
    if (!line.trim()) i++
    else if (fence) {
      let end = i + 1
      while (end < lines.length && !(lines[end]!.trim().startsWith(fence) && lines[end]!.trim().replaceAll(fence[0]!, '') === '')) end++
      out.push(h('pre', { tabindex: '0' }, h('code', null, lines.slice(i + 1, end).join('\n'))))
      i = end + 1
    } else if (heading) {
      out.push(h('h3', null, inline((heading[2] ?? '').replace(/\s+#+\s*$/, ''), mark)))
      i++
    } else if (RULE.test(line)) {
      out.push(h('hr', null))
      i++
    } else if (/^(?: {4}|\t)/.test(line)) {
      const begin = i
      while (i < lines.length && /^(?: {4}|\t|\s*$)/.test(lines[i]!)) i++
      out.push(h('pre', { tabindex: '0' }, h('code', null, lines.slice(begin, i).map(l => l.replace(/^(?: {4}|\t)/, '')).join('\n').trimEnd())))
    } else if (nested && QUOTE.test(line)) {
      const begin = i
      while (i < lines.length && QUOTE.test(lines[i]!)) i++
      out.push(h('blockquote', null, flow(lines.slice(begin, i).map(l => l.replace(QUOTE, '')), mark, depth + 1)))
    } else if (nested && ITEM.test(line)) {
      const { list, end } = listAt(lines, i, mark, depth)
      out.push(list)
      i = end
    } else if (head.length > 1 && head.length === cells(lines[i + 1]!).length) {
      const sides = cells(lines[i + 1]!).map(c => (/^:-+:$/.test(c) ? 'center' : c.endsWith('-:') ? 'right' : undefined))
      const row = (tag: 'th' | 'td', texts: string[]) => h('tr', null, sides.map((align, n) => h(tag, { align }, inline(texts[n] ?? '', mark))))
      const rows: Child[] = []
      for (i += 2; i < lines.length && lines[i]!.includes('|'); i++) rows.push(row('td', cells(lines[i]!)))
      out.push(h('table', { tabindex: '0' }, h('thead', null, row('th', head)), h('tbody', null, rows)))
    } else {
      const begin = i++
      while (i < lines.length && lines[i]!.trim() && !UNDERLINE.test(lines[i]!) && !(nested ? starts(lines[i]!) : FENCE.test(lines[i]!))) i++
      const underlined = i < lines.length && UNDERLINE.test(lines[i]!)
      out.push(h(underlined ? 'h3' : 'p', null, inline(lines.slice(begin, i).map(l => l.trimStart()).join('\n').trimEnd(), mark)))
      if (underlined) i++
    }
  }
  return out
}

/** A list and all that stands in it, which may be lists again. Two blanks are enough to belong to an item: models are not exact about it. */
function listAt(lines: string[], begin: number, mark: Mark, depth: number) {
  const [, outer, marker] = ITEM.exec(lines[begin]!)!
  const texts: string[][] = []
  let inset = 0
  let i = begin
  for (; i < lines.length; i++) {
    const line = lines[i]!
    const item = ITEM.exec(line)
    const indent = line.search(/\S/)
    const text = texts.at(-1)
    if (text && indent >= outer!.length + 2) text.push(line.slice(Math.min(indent, inset)))
    else if (item && item[2]!.at(-1) === marker!.at(-1) && !RULE.test(line)) {
      inset = Math.min(item[0].length, item[1]!.length + item[2]!.length + 4)
      texts.push([line.slice(item[0].length)])
    } else if (text && indent < 0) text.push('')
    else if (text && text.at(-1) !== '' && !starts(line)) text.push(line)
    else break
  }
  // A blank line in an item, or between it and the next, sets the items apart.
  const loose = texts.some((text, n) => text.join('\n').trimEnd().includes('\n\n') || (n < texts.length - 1 && text.at(-1) === ''))
  const inside = (text: string[]) => flow(text, mark, depth + 1).map(child => (!loose && (child as VNode).tag === 'p' ? (child as VNode).children : child))
  const number = Number.parseInt(marker!, 10)
  return { list: h(Number.isNaN(number) ? 'ul' : 'ol', number > 1 ? { start: number } : null, texts.map(text => h('li', null, inside(text)))), end: i }
}

/** So many blocks are painted as one: what stands is then passed over whole, however much of it there is. */
const TOGETHER = 8

interface Group { blocks: Child[][]; node: VNode | null }

/** An answer as it grows: a block that is complete is read and drawn once, so that a text costs what was added to it and not what it is long. */
export class Prose {
  #drawn: { text: string; nodes: Child[] }[] = []
  #groups: Group[] = []
  #whole = ''
  readonly #mark: Mark

  constructor(mark: Mark) {
    this.#mark = mark
  }

  of(text: string): Child[] {
    // What may still change is the last block, and the one before it: a list that the last one turns out to belong to.
    const stay = text.startsWith(this.#whole) ? this.#drawn.slice(0, -2) : []
    const rest = blocks(text.slice(stay.reduce((sum, block) => sum + block.text.length, 0)))
    this.#drawn = [...stay, ...rest.map((block, i) => {
      const before = this.#drawn[stay.length + i]
      return before?.text === block ? before : { text: block, nodes: flow(block.split('\n'), this.#mark) }
    })]
    this.#whole = text
    const groups: Group[] = []
    for (let at = 0; at < this.#drawn.length; at += TOGETHER) {
      const blocks = this.#drawn.slice(at, at + TOGETHER).map(block => block.nodes)
      const before = this.#groups[groups.length]
      groups.push(before?.blocks.length === blocks.length && blocks.every((block, i) => block === before.blocks[i]) ? before : { blocks, node: h('div', { class: 'group' }, ...blocks) })
    }
    this.#groups = groups
    return groups.map(group => group.node)
  }
}

/** A text that stands. */
export const markdown = (text: string, mark: Mark): Child[] => blocks(text).map(block => flow(block.split('\n'), mark))
