// TypeScript of the API, made of the document that the packaged server serves. Nothing of it is kept in the repository: what is asked for
// each time cannot differ from what is served. Needs ./dev build (or KVASIR_E2E_URL). Only the checker of types reads it, no build does.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(import.meta.dirname, '..')
const target = resolve(root, '../../../target')
const out = join(target, 'openapi')
const types = join(out, 'openapi.d.ts')

/** Makes them, unless they are of this very server already. */
export async function makeTypes() {
  const jar = join(target, 'kvasir.jar')
  if (!process.env.KVASIR_E2E_URL && existsSync(types) && existsSync(jar) && statSync(types).mtimeMs > statSync(jar).mtimeMs) return
  const { startServer } = await import('../test/e2e/server.mjs')
  const server = await startServer()
  try {
    const answer = await fetch(`${server.url}/openapi.json`)
    if (!answer.ok) throw new Error(`/openapi.json: ${answer.status}`)
    mkdirSync(out, { recursive: true })
    writeFileSync(join(out, 'openapi.json'), JSON.stringify(await answer.json(), null, 1))
  } finally {
    await server.stop()
  }
  execFileSync(process.execPath, [join(root, 'node_modules/openapi-typescript/bin/cli.js'), join(out, 'openapi.json'), '-o', types], { stdio: ['ignore', 'ignore', 'inherit'] })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await makeTypes()
