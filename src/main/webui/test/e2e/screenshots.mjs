// Every screen in both themes and two widths, to look at. Usage: node test/e2e/screenshots.mjs [folder] [name…]
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { SHOP, filledBase, owner, pageOf, startBrowser, startServer } from './server.mjs'

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../../screenshots'))
const only = process.argv.slice(3)
mkdirSync(folder, { recursive: true })
const server = await startServer()
const browser = await startBrowser()
const session = await owner(server.url)
const { items } = await session.call('GET', '/knowledge-bases')
const kb = items.find(b => b.name === 'Shop help') ?? (await filledBase(session, 'Shop help', SHOP))
const empty = items.find(b => b.name === 'New project') ?? (await session.call('POST', '/knowledge-bases', { name: 'New project' }))
const shared = await session.call('GET', `/knowledge-bases/${kb.id}`)
const slug = shared.slug ?? (await session.call('POST', `/knowledge-bases/${kb.id}/share`)).slug
const { items: documents } = await session.call('GET', `/knowledge-bases/${kb.id}/documents`)
const conversation = (await session.call('POST', '/chat/conversations', { kbId: kb.id })).id
await session.call('POST', `/chat/conversations/${conversation}/messages`, { content: 'When are refunds paid?' })

const T = `/t/${session.me.tenantId}`
const K = `${T}/kbs/${kb.id}`
const ask = async page => {
  await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /Copy/ }).first().waitFor()
}
const screens = [
  ['login', '/login', { out: true }], ['signup', '/signup', { out: true }], ['reset', '/reset', { out: true }],
  ['bases', `${T}/kbs`], ['create', `${T}/kbs?create=true`], ['palette', `${K}/overview`, { act: page => page.keyboard.press('Control+k') }], ['keys', `${K}/overview`, { act: page => page.keyboard.press('?') }],
  ['overview', `${K}/overview`], ['overview-empty', `${T}/kbs/${empty.id}/overview`], ['overview-asked', `${K}/overview`, { act: ask }],
  ['citation', `${K}/overview`, { act: async page => { await ask(page); await page.getByRole('button', { name: /^Source 1/ }).first().click() } }],
  ['documents', `${K}/documents`], ['document', `${K}/documents/${documents[0].id}?at=~Refunds are paid within 14 days`], ['documents-empty', `${T}/kbs/${empty.id}/documents`],
  ['conversations', `${K}/conversations`], ['conversation', `${K}/conversations/${conversation}`], ['search', `${K}/search?q=when are refunds paid`], ['search-empty', `${K}/search`],
  ['faq', `${K}/faq`], ['web', `${K}/web`], ['email', `${K}/email`], ['benchmark', `${K}/benchmark/datasets`], ['answers', `${K}/settings/answers`], ['share', `${K}/settings/share`], ['widget-settings', `${K}/settings/widget`], ['api', `${K}/settings/api`],
  ['members', `${T}/settings/members`], ['security', `${T}/settings/security`], ['usage', `${T}/settings/billing`], ['audit', `${T}/settings/audit`],
  ['public', `/kb/${slug}`, { out: true }], ['public-asked', `/kb/${slug}`, { out: true, act: ask }], ['nothing', '/kb/none', { out: true }],
].filter(([name]) => only.length === 0 || only.includes(name))

let bad = 0
for (const theme of ['light', 'dark']) {
  for (const [size, width, height] of [['wide', 1280, 820], ['phone', 390, 844]]) {
    const inside = await pageOf(browser, server.url, { session, theme, width, height })
    const outside = await pageOf(browser, server.url, { theme, width, height })
    for (const [name, path, { out = false, act } = {}] of screens) {
      const { page, errors } = out ? outside : inside
      await page.goto(path)
      await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => {})
      try {
        await act?.(page)
      } catch (e) {
        errors.push(`${name}: ${e.message}`)
      }
      await page.waitForTimeout(250)
      await page.screenshot({ path: join(folder, `${name}-${size}-${theme}.png`) })
      if (errors.length) {
        bad++
        console.error(name, size, theme, errors.splice(0))
      }
    }
    await inside.context.close()
    await outside.context.close()
  }
}
await browser.close()
await server.stop()
console.log(`${screens.length * 4} pictures in ${folder}`)
process.exit(bad ? 1 : 0)
