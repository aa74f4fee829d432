// Every screen in both themes and two widths, to look at. Usage: node test/e2e/screenshots.mjs [folder] [name…]
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { furnished, open, screensOf } from './screens.mjs'
import { owner, pageOf, startBrowser, startServer } from './server.mjs'

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../../screenshots'))
const only = process.argv.slice(3)
mkdirSync(folder, { recursive: true })
const server = await startServer()
const browser = await startBrowser()
const session = await owner(server.url)
const screens = screensOf(session, await furnished(session)).filter(([name]) => only.length === 0 || only.includes(name))

let bad = 0
const rooms = { in: await pageOf(browser, server.url, { session }), out: await pageOf(browser, server.url, {}) }
for (const [name, path, how = {}] of screens) {
  const { page, errors } = how.out ? rooms.out : rooms.in
  page.setDefaultTimeout(20_000)
  for (const [size, width, height] of [['wide', 1280, 820], ['phone', 320, 700]]) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme: 'light' })
    try {
      await open(page, path, how)
    } catch (e) {
      errors.push(`${name}: ${e.message}`)
    }
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme })
      await page.waitForTimeout(150)
      await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) })
    }
    if (errors.length) {
      bad++
      console.error(name, size, errors.splice(0))
    }
  }
}
await browser.close()
await server.stop()
console.log(`${screens.length * 4} pictures in ${folder}`)
process.exit(bad ? 1 : 0)
