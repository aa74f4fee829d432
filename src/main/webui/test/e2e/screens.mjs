// Every screen in every state: what the pictures show and what axe looks at.
import { SHOP, filledBase } from './server.mjs'

const ask = async page => {
  await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /Copy/ }).first().waitFor()
}
const press = key => page => page.keyboard.press(key)
const click = name => page => page.getByRole('button', { name }).first().click()

/** A server with something in every room. */
export async function furnished(session) {
  const { items } = await session.call('GET', '/knowledge-bases')
  const kb = items.find(b => b.name === 'Shop help') ?? (await filledBase(session, 'Shop help', { ...SHOP, 'a-very-long-name-that-somebody-gave-to-a-file-because-they-could-2026-final-final-v7.md': '   ' }))
  const empty = items.find(b => b.name === 'New project') ?? (await session.call('POST', '/knowledge-bases', { name: 'New project' }))
  const slug = (await session.call('GET', `/knowledge-bases/${kb.id}`)).slug ?? (await session.call('POST', `/knowledge-bases/${kb.id}/share`)).slug
  const { items: documents } = await session.call('GET', `/knowledge-bases/${kb.id}/documents`)
  const { items: entries } = await session.call('GET', `/knowledge-bases/${kb.id}/knowledge`)
  if (!entries.length) {
    for (const [question, answer] of [['Can I pay by invoice?', 'Companies can, after their first order.'], ['Where are you?', 'In the old brewery, second yard on the left, behind the bicycle shop. Ring twice.'], ['Do you ship to islands?', 'Yes, with two more days.']]) await session.call('POST', `/knowledge-bases/${kb.id}/knowledge`, { question, answer })
    await session.call('POST', `/knowledge-bases/${kb.id}/web-sources`, { url: 'https://shop.example/help' }).catch(e => console.error(`no web source: ${e.message}`))
    await session.call('PUT', `/knowledge-bases/${kb.id}/sites`, { origins: ['https://shop.example'] })
    await session.call('POST', '/invitations', { email: 'colleague@shop.example', role: 'viewer' }).catch(e => console.error(`no invitation: ${e.message}`))
    for (const question of ['When are refunds paid?', 'How long does delivery take, and what does it cost for parcels abroad?']) {
      const { id } = await session.call('POST', '/chat/conversations', { kbId: kb.id, ...(question.length > 30 && { endUser: { name: 'Ada Lovelace', email: 'ada@shop.example' } }) })
      await session.call('POST', `/chat/conversations/${id}/messages`, { content: question })
    }
  }
  const { items: conversations } = await session.call('GET', `/chat/conversations?kbId=${kb.id}`)
  const { items: faq } = await session.call('GET', `/knowledge-bases/${kb.id}/knowledge`)
  const { items: web } = await session.call('GET', `/knowledge-bases/${kb.id}/web-sources`)
  return { kb, empty, slug, documents, conversations, faq, web }
}

/**
 * [name, address, { out: without a login, act: what is done there, fails: which calls the server refuses, state }]
 */
export function screensOf(session, { kb, empty, slug, documents, conversations, faq, web }) {
  const T = `/t/${session.me.tenantId}`
  const K = `${T}/kbs/${kb.id}`
  const E = `${T}/kbs/${empty.id}`
  const readable = documents.find(d => d.job.status === 'completed')
  const broken = documents.find(d => d.job.status === 'failed')
  const room = name => `**/api/v1/knowledge-bases/*/${name}?*`
  return [
    ['login', '/login', { out: true }], ['login-refused', '/login', { out: true, state: 'error', act: async page => { await page.getByLabel('Email').fill('nobody@shop.example'); await page.getByLabel('Password').fill('wrong'); await page.keyboard.press('Enter'); await page.getByRole('alert').first().waitFor() } }],
    ['signup', '/signup', { out: true }], ['mfa', '/mfa', { out: true }], ['reset', '/reset', { out: true }], ['reset-token', '/reset?token=abc', { out: true }], ['verify', '/verify?token=abc', { out: true, state: 'error' }], ['invite', '/invite/abc', { out: true }], ['callback', '/auth/google/callback?error=denied', { out: true, state: 'error' }],
    ['bases', `${T}/kbs`], ['bases-error', `${T}/kbs`, { fails: '**/api/v1/knowledge-bases?*', state: 'error' }], ['create', `${T}/kbs?create=true`, { state: 'dialog' }], ['palette', `${K}/overview`, { state: 'dialog', act: press('Control+k') }], ['keys', `${K}/overview`, { state: 'dialog', act: press('?') }],
    ['overview', `${K}/overview`], ['overview-empty', `${E}/overview`, { state: 'empty' }], ['overview-asked', `${K}/overview`, { act: ask }], ['overview-none', `${T}/kbs/none/overview`, { state: 'error' }],
    ['citation', `${K}/overview`, { state: 'dialog', act: async page => { await ask(page); await page.getByRole('button', { name: /^Source 1/ }).first().click() } }],
    ['documents', `${K}/documents`], ['document', `${K}/documents/${readable.id}?at=~Refunds are paid within 14 days`], ['document-failed', `${K}/documents/${broken?.id}`, { state: 'error' }], ['documents-empty', `${E}/documents`, { state: 'empty' }], ['documents-error', `${K}/documents`, { state: 'error', fails: room('documents') }],
    ['document-delete', `${K}/documents/${readable.id}`, { state: 'dialog', act: click('Delete') }],
    ['conversations', `${K}/conversations`], ['conversation', `${K}/conversations/${conversations[0].id}`], ['conversations-empty', `${E}/conversations`, { state: 'empty' }], ['conversations-error', `${K}/conversations`, { state: 'error', fails: '**/api/v1/chat/conversations?*' }],
    ['search', `${K}/search?q=when are refunds paid`], ['search-empty', `${K}/search`, { state: 'empty' }], ['search-error', `${K}/search?q=refunds`, { state: 'error', fails: '**/knowledge/search' }],
    ['faq', `${K}/faq`], ['faq-entry', `${K}/faq?open=${faq[0].id}`], ['faq-new', `${K}/faq?open=new`], ['faq-empty', `${E}/faq`, { state: 'empty' }], ['faq-error', `${K}/faq`, { state: 'error', fails: room('knowledge') }],
    ['web', `${K}/web`], ['web-source', `${K}/web?open=${web[0]?.id}`], ['web-new', `${K}/web?open=new`, { state: 'dialog' }], ['web-empty', `${E}/web`, { state: 'empty' }], ['web-error', `${K}/web`, { state: 'error', fails: room('web-sources') }],
    ['email', `${K}/email`, { state: 'empty' }], ['email-new', `${K}/email?open=new`, { state: 'dialog' }], ['email-error', `${K}/email`, { state: 'error', fails: room('email-accounts') }],
    ['benchmark', `${K}/benchmark/datasets`], ['runs', `${K}/benchmark/runs`], ['compare', `${K}/benchmark/compare`, { state: 'empty' }],
    ['answers', `${K}/settings/answers`], ['share', `${K}/settings/share`], ['share-off', `${E}/settings/share`, { state: 'empty' }], ['share-stop', `${K}/settings/share`, { state: 'dialog', act: click('Stop sharing') }],
    ['widget-settings', `${K}/settings/widget`], ['widget-off', `${E}/settings/widget`, { state: 'empty' }], ['api', `${K}/settings/api`],
    ['members', `${T}/settings/members`], ['members-invite', `${T}/settings/members?invite=true`, { state: 'dialog' }], ['members-error', `${T}/settings/members`, { state: 'error', fails: '**/api/v1/members?*' }], ['security', `${T}/settings/security`], ['usage', `${T}/settings/usage`], ['usage-error', `${T}/settings/usage`, { state: 'error', fails: '**/api/v1/usage*' }], ['audit', `${T}/settings/audit`], ['audit-error', `${T}/settings/audit`, { state: 'error', fails: '**/api/v1/audit?*' }],
    ['public', `/kb/${slug}`, { out: true }], ['public-asked', `/kb/${slug}`, { out: true, act: ask }], ['public-citation', `/kb/${slug}`, { out: true, state: 'dialog', act: async page => { await ask(page); await page.getByRole('button', { name: /^Source 1/ }).first().click() } }],
    ['nothing', '/kb/none', { out: true, state: 'error' }], ['embed', `/embed/${slug}`, { out: true }], ['try', `/try/${slug}`, { out: true }], ['widget', `/try/${slug}`, { out: true, act: async page => { await click('Ask a question')(page); await ask(page) } }],
  ]
}

/** Opens a screen in its state. */
export async function open(page, path, { act, fails, state } = {}) {
  if (fails) await page.route(fails, route => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"type":"urn:kvasir:problem:internal","title":"Something went wrong","status":500,"requestId":"01a1ffd2c807d9b8"}' }))
  await page.goto(path)
  await page.locator('h1:visible, h2:visible, [role=alert]:visible').first().waitFor()
  await page.waitForLoadState('networkidle', { timeout: fails ? 8000 : 1500 }).catch(() => {})
  await page.locator('.skeleton').first().waitFor({ state: 'detached', timeout: 15_000 }).catch(() => {})
  await act?.(page)
  if (state === 'dialog') await page.getByRole('dialog').or(page.getByRole('alertdialog')).first().waitFor()
  if (fails) await page.unroute(fails)
}
