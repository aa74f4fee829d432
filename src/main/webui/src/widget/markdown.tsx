import { h, type Child, type VNode } from './dom'

type Mark = (n: number) => VNode | null

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[(\d{1,3})\](?!\()|\[([^\]\n]{1,200})\]\(([^()\s]{1,2000})\)/g

/** The address, if a click on it can only open a page or a mail. */
export function safe(address: string): string | null {
  try {
    const url = new URL(address)
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

function inline(text: string, mark: Mark): Child[] {
  const out: Child[] = []
  let at = 0
  for (const m of text.matchAll(INLINE)) {
    out.push(text.slice(at, m.index))
    at = m.index + m[0].length
    const href = m[6] && safe(m[6])
    out.push(m[1] ? <code>{m[1]}</code> : m[2] ? <strong>{m[2]}</strong> : m[3] ? <em>{m[3]}</em> : m[4] ? mark(+m[4]) : href ? <a href={href} target="_blank" rel="noopener noreferrer nofollow">{m[5]}</a> : m[0])
  }
  return [...out, text.slice(at)]
}

/** Markdown as nodes. There is no HTML in it: text becomes text, and only the elements named here are ever made. */
export function markdown(text: string, mark: Mark): Child[] {
  const out: Child[] = []
  const lines = text.split('\n')
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!
    const item = /^\s*(?:([-*+])|\d+[.)])\s+/
    if (/^\s*```/.test(line)) {
      let end = i + 1
      while (end < lines.length && !/^\s*```/.test(lines[end]!)) end++
      out.push(<pre tabindex="0"><code>{lines.slice(i + 1, end).join('\n')}</code></pre>)
      i = end + 1
    } else if (/^#{1,6}\s/.test(line)) {
      out.push(<h3>{inline(line.replace(/^#+\s+/, ''), mark)}</h3>)
      i++
    } else if (item.test(line)) {
      const List = item.exec(line)![1] ? 'ul' : 'ol'
      const items: Child[] = []
      for (; i < lines.length && item.test(lines[i]!) && Boolean(item.exec(lines[i]!)![1]) === (List === 'ul'); i++) items.push(<li>{inline(lines[i]!.replace(item, ''), mark)}</li>)
      out.push(<List>{items}</List>)
    } else if (!line.trim()) i++
    else {
      const begin = i
      while (i < lines.length && lines[i]!.trim() && (i === begin || !(/^\s*```|^#{1,6}\s/.test(lines[i]!) || item.test(lines[i]!)))) i++
      out.push(<p>{inline(lines.slice(begin, i).join('\n'), mark)}</p>)
    }
  }
  return out
}
