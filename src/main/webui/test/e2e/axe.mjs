// No finding of axe (WCAG 2.2 AA and best practice) on any screen in any state, and nothing wider than its window.
// Usage: node test/e2e/axe.mjs [name…]: every screen × light and dark × 320, 768 and 1280 px. The suite looks at two of those (access.test.mjs).
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { furnished, open, screensOf } from './screens.mjs'
import { owner, pageOf, startBrowser, startServer } from './server.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const ALL = ['light', 'dark'].flatMap(theme => [1280, 768, 320].map(width => [theme, width]))

/** In the page: what one could press or fill in, but for standing beyond an edge to which nothing scrolls. */
function outside() {
  const scrolls = e => e !== null && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX) ? e.scrollWidth > e.clientWidth : scrolls(e.parentElement))
  return [...document.querySelectorAll('a, button, input, select, textarea')].filter(e => {
    const { left, right, width } = e.getBoundingClientRect()
    return width > 1 && e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && (left < -1 || right > innerWidth + 1) && !scrolls(e.parentElement)
  }).map(e => `${e.localName} ${e.ariaLabel ?? e.textContent.trim().slice(0, 40)}`)
}

/**
 * One page: a screen is opened once and then looked at in every look.
 *
 * @param seen hears of each screen once it has been looked at, with what was found on it
 * @returns what was found, a line each
 */
export async function findings(browser, server, session, looks, only = [], seen = () => {}) {
  const found = []
  const screens = screensOf(session, await furnished(session)).filter(([name]) => only.length === 0 || only.includes(name))
  const rooms = { in: await pageOf(browser, server.url, { session }), out: await pageOf(browser, server.url, {}) }
  for (const [name, path, how = {}] of screens) {
    const { page } = how.out ? rooms.out : rooms.in
    const before = found.length
    page.setDefaultTimeout(20_000)
    const [[theme, width]] = looks
    await page.emulateMedia({ colorScheme: theme })
    await page.setViewportSize({ width, height: 800 })
    try {
      await open(page, path, how)
    } catch (e) {
      found.push(`${name} cannot be opened: ${e.message}`)
      seen(name, found.slice(before))
      continue
    }
    await page.evaluate(AXE)
    for (const [theme, width] of looks) {
      await page.emulateMedia({ colorScheme: theme })
      await page.setViewportSize({ width, height: 800 })
      await page.waitForTimeout(60)
      const { violations } = await page.evaluate(rules => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES)
      for (const v of violations) for (const n of v.nodes) found.push(`${name} ${theme} ${width} ${v.id}: ${n.target.flat().join(' ')} ${n.failureSummary?.split('\n')[1]?.trim() ?? ''}`)
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      if (wider > 0) found.push(`${name} ${theme} ${width} is ${wider} px wider than the window`)
      for (const what of await page.evaluate(outside)) found.push(`${name} ${theme} ${width} out of reach: ${what}`)
    }
    seen(name, found.slice(before))
  }
  for (const { context } of Object.values(rooms)) await context.close()
  return { found, looked: screens.length * looks.length }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startServer()
  const browser = await startBrowser()
  const begun = Date.now()
  const { found, looked } = await findings(browser, server, await owner(server.url), ALL, process.argv.slice(2), (name, lines) => console.log([`${name}: ${lines.length}`, ...lines].join('\n  ')))
  await browser.close()
  await server.stop()
  console.log(`axe: ${found.length} findings in ${looked} looks at screens, ${Math.round((Date.now() - begun) / 1000)} s`)
  process.exit(found.length ? 1 : 0)
}
