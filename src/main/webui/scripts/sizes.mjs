// The weights nobody may quietly add to, in bytes after gzip. Above the limit the build fails.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { APP } from './build.mjs'

const out = process.env.KVASIR_WEBUI_OUT
const size = file => gzipSync(readFileSync(join(out, file)), { level: 9 }).length
const json = file => JSON.parse(readFileSync(join(out, file), 'utf8'))

/** A chunk and all it imports before it can run. */
function closure(manifest, key, seen = new Set()) {
  const chunk = manifest[key]
  if (seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const next of chunk.imports ?? []) closure(manifest, next, seen)
  return seen
}

const sum = files => [...files].reduce((total, file) => total + size(file), 0)
const widget = json('widget.json')
const dashboard = json('dashboard.json')
const measures = [
  ['dashboard entry', sum(closure(dashboard, APP, closure(dashboard, 'index.html'))), 125_000],
  ['login', sum(closure(widget, 'src/features/account/login.ts')), 4_000],
  ['widget loader', size('widget.js'), 1_500],
  ['widget, everything', size('widget.js') + sum(closure(widget, 'src/widget/panel.tsx')), 12_000],
]
let heavy = false
for (const [name, bytes, limit] of measures) {
  console.log(`${name}: ${(bytes / 1000).toFixed(1)} kB of ${(limit / 1000).toFixed(1)} kB`)
  heavy ||= bytes > limit
}
if (heavy) {
  console.error('too heavy: see above')
  process.exit(1)
}
