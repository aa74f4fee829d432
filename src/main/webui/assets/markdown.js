// Markdown as DOM nodes. There is no HTML in it: text becomes text nodes, and only the elements named here are ever made.
const BLOCK = /^(#{1,6})\s+(.*)$|^\s*[-*]\s+(.*)$|^\s*\d+[.)]\s+(.*)$/

/** @param mark makes the element of a citation mark, or null where the number is no citation */
export function render(text, mark, doc = document) {
  const out = doc.createDocumentFragment()
  const lines = text.split('\n')
  let list = null, paragraph = []
  const flush = () => {
    if (paragraph.length) {
      const p = doc.createElement('p')
      inline(p, paragraph.join('\n'), mark, doc)
      out.append(p)
      paragraph = []
    }
  }
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]
    if (line.trimStart().startsWith('```')) {
      flush(); list = null
      const code = []
      while (++i < lines.length && !lines[i].trimStart().startsWith('```')) code.push(lines[i])
      const pre = doc.createElement('pre'), inner = doc.createElement('code')
      inner.textContent = code.join('\n')
      pre.tabIndex = 0
      pre.append(inner); out.append(pre)
      continue
    }
    const block = BLOCK.exec(line)
    if (!block) {
      list = null
      if (line.trim()) paragraph.push(line); else flush()
      continue
    }
    flush()
    if (block[1]) {
      list = null
      const h = doc.createElement('h3')
      inline(h, block[2], mark, doc); out.append(h)
    } else {
      const kind = block[3] !== undefined ? 'UL' : 'OL'
      if (!list || list.tagName !== kind) { list = doc.createElement(kind); out.append(list) }
      const item = doc.createElement('li')
      inline(item, block[3] ?? block[4], mark, doc); list.append(item)
    }
  }
  flush()
  return out
}

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|\[(\d{1,3})\]|\[([^\]\n]{1,200})\]\(([^()\s]{1,2000})\)/g

function inline(parent, text, mark, doc) {
  let at = 0
  for (const m of text.matchAll(INLINE)) {
    parent.append(text.slice(at, m.index))
    at = m.index + m[0].length
    if (m[1] !== undefined) element('code', m[1])
    else if (m[2] !== undefined) element('strong', m[2])
    else if (m[3] !== undefined) element('em', m[3])
    else if (m[4] !== undefined) {
      const chip = mark(Number(m[4]))
      if (chip) parent.append(chip)
    } else link(m[5], m[6], m[0])
  }
  parent.append(text.slice(at))

  function element(name, content) {
    const e = doc.createElement(name)
    e.textContent = content
    parent.append(e)
  }

  function link(label, address, whole) {
    const url = safe(address)
    if (!url) { parent.append(whole); return }
    const a = doc.createElement('a')
    a.href = url
    a.rel = 'noopener noreferrer nofollow'
    a.target = '_blank'
    a.textContent = label
    parent.append(a)
  }
}

/** The address, if a click on it can only open a page or a mail. */
export function safe(address) {
  try {
    const url = new URL(address)
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null
  } catch {
    return null
  }
}
