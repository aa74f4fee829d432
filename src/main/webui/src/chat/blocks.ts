/** Cuts an answer into blocks that are complete in themselves, so that only the last one is drawn anew while text comes. Joined they are the text. */
export function blocks(text: string): string[] {
  const out: string[] = []
  let current = ''
  let fence: string | null = null
  for (const line of text.split(/(?<=\n)/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? null
    if (fence) {
      if (mark && mark.startsWith(fence) && line.trim() === mark) fence = null
    } else if (mark) fence = mark
    current += line
    // A list or an indented block goes on over a blank line: cut only where the next line can't belong to it.
    if (!fence && line.trim() === '' && current.trim() !== '') {
      out.push(current)
      current = ''
    }
  }
  if (current !== '') {
    if (current.trim() === '' && out.length) out[out.length - 1] += current
    else out.push(current)
  }
  return merged(out)
}

const goesOn = (block: string) => /^(\s{2,}|\t|[-*+] |\d{1,9}[.)] )/.test(block)

function merged(parts: string[]): string[] {
  const out: string[] = []
  for (const part of parts) {
    const before = out.at(-1)
    if (before !== undefined && goesOn(part) && goesOn(before)) out[out.length - 1] = before + part
    else out.push(part)
  }
  return out
}
