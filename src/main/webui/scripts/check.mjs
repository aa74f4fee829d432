// Everything about the front end that must be green. The types of the API and the journeys need the packaged server, these a Chromium too.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from './build.mjs'
import { makeTypes } from './types.mjs'

process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), '..'))
const run = (name, args) => {
  console.log(`front end: ${name}`)
  execFileSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

// The servers of the journeys live for a minute: the slower compiler would take longer than it saves.
process.env.KVASIR_E2E_JVM ??= JSON.stringify(['-XX:TieredStopAtLevel=1'])

install()
run('lint', ['node_modules/oxlint/bin/oxlint', '--quiet', 'src', 'scripts', 'test'])
await makeTypes()
run('types of the dashboard', ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.json'])
run('types of the widget', ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.widget.json'])
run('unit tests', ['node_modules/vitest/vitest.mjs', 'run'])
run('journeys', ['--test', '--test-concurrency=1', ...readdirSync('test/e2e').filter(f => f.endsWith('.test.mjs')).map(f => `test/e2e/${f}`)])
