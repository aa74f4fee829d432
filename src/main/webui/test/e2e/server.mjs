// A real server for the journeys, and a real browser. Nothing here is faked.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'

export const EMAIL = 'owner@localhost'
export const PASSWORD = 'correct horse battery'
const ROOT = resolve(import.meta.dirname, '../../../../..')
const JVM = ['@' + join(ROOT, 'conf/jvm.options'), '-Xmx1g']

/** None of those the system hands to whoever connects: until the server binds it, another could be given it. No browser opens 10080. */
const freePort = () => new Promise((done, fail) => {
  const port = 11_000 + Math.floor(Math.random() * 21_000)
  const probe = createServer()
    .on('error', e => (e.code === 'EADDRINUSE' ? freePort().then(done, fail) : fail(e)))
    .listen(port, '127.0.0.1', () => probe.close(() => done(port)))
})

/** Starts the packaged server (or, with KVASIR_E2E_URL, uses one that runs, whose folder of data is then not known). */
export async function startServer(environment = {}) {
  if (process.env.KVASIR_E2E_URL) return { url: process.env.KVASIR_E2E_URL, stop: async () => {} }
  const jar = join(ROOT, 'target/kvasir.jar')
  if (!existsSync(jar)) throw new Error(`no ${jar}: run ./dev build first`)
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'kvasir-e2e-'))
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin/java') : 'java'
  let log = ''
  // Measurements start it as operators do; checks name what makes short lives cheap.
  const more = JSON.parse(process.env.KVASIR_E2E_JVM ?? '[]')
  const server = spawn(java, [...JVM, ...more, '-jar', jar], { env: { ...process.env, KVASIR_HTTP_PORT: String(port), KVASIR_DATA_DIR: data, KVASIR_OWNER_EMAIL: EMAIL, KVASIR_OWNER_PASSWORD: PASSWORD, ...environment } })
  // Whoever started it may end without stopping it, by a fault for instance.
  process.once('exit', () => server.kill('SIGKILL'))
  for (const stream of [server.stdout, server.stderr]) stream.on('data', text => { log = (log + text).slice(-8000) })
  const url = `http://127.0.0.1:${port}`
  const stop = () => new Promise(done => {
    server.once('exit', () => {
      rmSync(data, { recursive: true, force: true })
      done()
    })
    server.kill('SIGKILL')
  })
  for (const end = Date.now() + 120_000; ;) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}:\n${log}`)
    if (await fetch(`${url}/health/ready`).then(r => r.ok, () => false)) return { url, data, stop }
    if (Date.now() > end) {
      await stop()
      throw new Error(`the server did not answer in time:\n${log}`)
    }
    await new Promise(go => setTimeout(go, 100))
  }
}

/** What a mail to somebody says, the newest in which the pattern is found, as its first group: mails nobody takes away are put into a folder. */
export async function mailed(server, to, pattern) {
  const outbox = join(server.data, 'outbox')
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise(go => setTimeout(go, 100))) {
    const mails = existsSync(outbox) ? readdirSync(outbox).filter(name => name.endsWith('.eml')).sort().reverse() : []
    for (const name of mails) {
      const raw = readFileSync(join(outbox, name), 'latin1')
      const text = !/^Content-Transfer-Encoding: quoted-printable/mi.test(raw) ? raw : raw.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
      const found = new RegExp(`^To:.*${to.replace(/[.+]/g, String.raw`\$&`)}`, 'mi').test(text) && pattern.exec(text)
      if (found) return found[1]
    }
  }
  throw new Error(`no mail to ${to} has ${pattern}`)
}

export async function startBrowser() {
  const path = process.env.KVASIR_CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
  if (!path) throw new Error('the journeys need a Chromium: apt-get install chromium (or name one by KVASIR_CHROMIUM)')
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--force-prefers-reduced-motion'] })
}

/** Calls of the API beside the browser, to prepare what a journey needs. */
export async function owner(url) {
  const login = await fetch(`${url}/api/v1/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email: EMAIL, password: PASSWORD }) })
  if (!login.ok) throw new Error(`login: ${login.status} ${await login.text()}`)
  const { accessToken, expiresIn } = await login.json()
  const call = async (method, path, body) => {
    const form = body instanceof FormData
    const response = await fetch(`${url}/api/v1${path}`, { method, headers: { Authorization: `Bearer ${accessToken}`, ...(body && !form && { 'Content-Type': 'application/json' }), Accept: 'application/json' }, body: body && !form ? JSON.stringify(body) : body })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? null : response.json()
  }
  return { accessToken, expiresIn, call, me: await call('GET', '/auth/me') }
}

/** A page that is logged in already, and what went wrong in its scripts or against the content security policy. */
export async function pageOf(browser, url, { session, theme = 'light', width = 1280, height = 820, lang = 'en-US' } = {}) {
  const context = await browser.newContext({ baseURL: url, viewport: { width, height }, colorScheme: theme, locale: lang, reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'] })
  if (session) await context.addInitScript(({ token, until }) => { if (!sessionStorage.getItem('kvasir.session') && !sessionStorage.getItem('e2e')) { sessionStorage.setItem('kvasir.session', JSON.stringify({ token, until })); sessionStorage.setItem('e2e', '1') } }, { token: session.accessToken, until: Date.now() + session.expiresIn * 1000 })
  const page = await context.newPage()
  const errors = []
  page.on('pageerror', e => errors.push(e.message))
  page.on('console', m => { if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) errors.push(m.text()) })
  return { page, context, errors }
}

/** A page for one journey, which fails on any error of script or of the content security policy. */
export async function visiting(browser, url, journey, { patience = 40_000, ...options } = {}) {
  const { page, context, errors } = await pageOf(browser, url, options)
  page.setDefaultTimeout(patience)
  try {
    await journey(page, context)
    assert.deepEqual(errors, [], 'no error of script or policy')
  } finally {
    await context.close()
  }
}

/** A knowledge base that has read a few documents. */
export async function filledBase(api, name, files) {
  const kb = await api.call('POST', '/knowledge-bases', { name, description: 'How orders, refunds and deliveries work.' })
  const form = new FormData()
  for (const [file, text] of Object.entries(files)) form.append('file', new Blob([text], { type: 'text/markdown' }), file)
  if (Object.keys(files).length) await api.call('POST', `/knowledge-bases/${kb.id}/documents`, form)
  for (const end = Date.now() + 90_000; Date.now() < end;) {
    const { items } = await api.call('GET', `/knowledge-bases/${kb.id}/jobs`)
    if (items.every(j => ['completed', 'failed'].includes(j.status))) return kb
    await new Promise(go => setTimeout(go, 150))
  }
  throw new Error('the documents were not read in time')
}

export const SHOP = {
  'refunds.md': '# Refund policy\n\n## When refunds are paid\n\nRefunds are paid within 14 days after the goods came back to our warehouse.\n\n## What cannot be returned\n\nGift cards and opened software cannot be returned.\n\n## Who pays for the way back\n\nThe customer pays for sending the goods back, unless the goods were broken.\n',
  'delivery.md': '# Delivery\n\n## How long delivery takes\n\nParcels inside the country arrive within two working days. Parcels abroad take five to nine working days.\n\n## What delivery costs\n\nDelivery is free from an order of 50 euros. Below that it costs 4.90 euros.\n',
  'warranty.md': '# Warranty\n\n## How long the warranty lasts\n\nThe warranty lasts two years from the day of purchase. Batteries have a warranty of six months.\n\n## How to claim\n\nSend a photo of the damage and the order number to the service desk. A decision is made within three working days.\n',
}
