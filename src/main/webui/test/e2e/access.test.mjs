// No finding of axe (WCAG 2.2 AA and best practice) on any screen, in both themes and three widths.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { SHOP, filledBase, owner, pageOf, startBrowser, startServer } from './server.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let server, browser, session, kb, empty, slug
before(async () => {
  browser = await startBrowser()
  server = await startServer()
  session = await owner(server.url)
  kb = await filledBase(session, 'Accessible', SHOP)
  empty = await session.call('POST', '/knowledge-bases', { name: 'Empty' })
  slug = (await session.call('POST', `/knowledge-bases/${kb.id}/share`)).slug
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const ask = async page => {
  await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /Copy/ }).first().waitFor()
}
const inside = () => {
  const T = `/t/${session.me.tenantId}`
  const K = `${T}/kbs/${kb.id}`
  return [
    [`${T}/kbs`], [`${T}/kbs?create=true`], [`${K}/overview`, ask], [`${T}/kbs/${empty.id}/overview`], [`${K}/overview`, page => page.keyboard.press('Control+k')], [`${K}/overview`, page => page.keyboard.press('?')],
    [`${K}/documents`, page => page.getByRole('table').getByRole('button').first().click()], [`${T}/kbs/${empty.id}/documents`], [`${K}/conversations`], [`${K}/search?q=refunds`], [`${K}/search`], [`${K}/faq`], [`${K}/web`], [`${K}/email`], [`${K}/benchmark/datasets`],
    [`${K}/settings/answers`], [`${K}/settings/share`], [`${K}/settings/widget`], [`${K}/settings/api`], [`${T}/settings/members`], [`${T}/settings/security`], [`${T}/settings/billing`], [`${T}/settings/audit`], [`${T}/kbs/none/overview`],
  ]
}
const outside = () => [['/login'], ['/signup'], ['/reset'], [`/kb/${slug}`], [`/kb/${slug}`, ask]]

for (const theme of ['light', 'dark']) {
  for (const width of [320, 768, 1280]) {
    test(`axe finds nothing in ${theme} at ${width} px`, async () => {
      const found = []
      for (const [screens, who] of [[inside(), session], [outside(), undefined]]) {
        const { page, context } = await pageOf(browser, server.url, { session: who, theme, width, height: 800 })
        page.setDefaultTimeout(20_000)
        for (const [path, act] of screens) {
          await page.goto(path)
          await page.locator('h1:visible, h2:visible, [role=alert]:visible').first().waitFor()
          await page.waitForLoadState('networkidle', { timeout: 1500 }).catch(() => {})
          await act?.(page)
          await page.evaluate(AXE)
          const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
          for (const v of violations) for (const n of v.nodes) found.push(`${path} ${v.id}: ${n.target.join(' ')} ${n.failureSummary?.split('\n')[1] ?? ''}`)
          const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          if (wider > 0) found.push(`${path} is ${wider} px wider than the window`)
        }
        await context.close()
      }
      assert.deepEqual(found, [])
    })
  }
}
