/** Rows of a CSV text (RFC 4180): quoted fields may hold commas, quotes and line ends. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let quoted = false
  const source = text.replace(/^\uFEFF/, '')
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!
    if (quoted) {
      if (c === '"' && source[i + 1] === '"') field += source[++i]
      else if (c === '"') quoted = false
      else field += c
    } else if (c === '"' && field === '') quoted = true
    else if (c === ',') {
      row.push(field)
      field = ''
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && source[i + 1] === '\n') i++
      rows.push([...row, field])
      row = []
      field = ''
    } else field += c
  }
  if (field !== '' || row.length) rows.push([...row, field])
  return rows.filter(r => r.some(f => f.trim() !== ''))
}

/** A cell that a spreadsheet would take for a formula is kept from being one. */
const safe = (field: string) => (/^[=+\-@\t\r]/.test(field) ? `'${field}` : field)
const quote = (field: string) => `"${safe(field).replaceAll('"', '""')}"`

export const writeCsv = (rows: string[][]) => `${rows.map(row => row.map(quote).join(',')).join('\r\n')}\r\n`
