// The widget in pages of other origins, as customers have them, under a policy that forbids all but its host.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { SHOP, filledBase, owner, pageOf, startBrowser, startServer } from './server.mjs'

let server, browser, session, kb, slug, shop, stranger
before(async () => {
  browser = await startBrowser()
  server = await startServer()
  session = await owner(server.url)
  kb = await filledBase(session, 'Shop help', SHOP)
  slug = (await session.call('POST', `/knowledge-bases/${kb.id}/share`)).slug
  shop = await site()
  stranger = await site()
  await session.call('PUT', `/knowledge-bases/${kb.id}/sites`, { origins: [shop.url] })
})
after(async () => {
  await browser?.close()
  await shop?.stop()
  await stranger?.stop()
  await server?.stop()
})

/** A page of somebody's under another origin (localhost and not 127.0.0.1), that hears every event of the widget. */
async function site() {
  let tag = ''
  const host = createServer((request, response) => {
    if (request.url === '/heard.js') return response.setHeader('Content-Type', 'text/javascript').end(`
      window.heard = []
      window.kb = (...call) => (window.kb.q ??= []).push(call)
      for (const name of ['ready', 'open', 'close', 'message', 'citation', 'feedback', 'followup', 'error']) addEventListener('kb:' + name, e => window.heard.push([name, e.detail ?? null]))`)
    response.setHeader('Content-Security-Policy', `default-src 'none'; script-src 'self' ${server.url}; connect-src ${server.url}; img-src ${server.url}; frame-src ${server.url}`)
    response.setHeader('Content-Type', 'text/html')
    response.end(`<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1><p id="help"></p><script src="/heard.js"></script>${tag}</html>`)
  })
  await new Promise(done => host.listen(0, 'localhost', done))
  return {
    url: `http://localhost:${host.address().port}`,
    show: attributes => { tag = `<script type="module" async src="${server.url}/widget.js" data-kb-site="${slug}" ${attributes}></script>` },
    write: html => { tag = html },
    stop: () => new Promise(done => { host.close(done); host.closeAllConnections() }),
  }
}
const visit = async (journey, options) => {
  const { page, context, errors } = await pageOf(browser, server.url, options)
  page.setDefaultTimeout(20_000)
  const requests = []
  page.on('request', r => requests.push(new URL(r.url()).origin))
  try {
    await journey(page, { errors, requests })
  } finally {
    await context.close()
  }
}
const heard = (page, name) => page.evaluate(n => window.heard.filter(([is]) => is === n).map(([, detail]) => detail), name)
const ask = async (page, question) => {
  await page.getByRole('textbox', { name: 'Question' }).fill(question)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Copy' }).last().waitFor()
}

test('on a page of another origin that allows nothing else: asked, streamed, cited, rated, found again after a reload', () => visit(async (page, { errors, requests }) => {
  shop.show('data-kb-followup="Write to us"')
  await page.goto(shop.url)
  await page.getByRole('button', { name: 'Ask a question' }).click()
  await ask(page, 'When are refunds paid?')
  await page.getByText('Refunds are paid within 14 days').first().waitFor()
  await page.getByRole('button', { name: /^Source 1: Refund policy/ }).first().click()
  await page.getByRole('dialog', { name: /^Source 1/ }).getByText('came back to our warehouse').waitFor()
  await page.keyboard.press('Escape')
  assert.match(await page.evaluate(() => { let el = document.activeElement; while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement; return el.getAttribute('aria-label') }), /^Source 1/, 'focus goes back to the mark')
  await page.getByRole('button', { name: 'Helpful', exact: true }).click()
  await page.waitForFunction(() => window.heard.some(([name]) => name === 'feedback'))
  await page.getByRole('button', { name: 'Write to us' }).click()

  assert.deepEqual((await heard(page, 'message')).map(d => d.question), ['When are refunds paid?'])
  assert.deepEqual((await heard(page, 'citation')).map(d => d.title), ['Refund policy'])
  assert.deepEqual((await heard(page, 'feedback')).map(d => d.rating), ['up'])
  assert.deepEqual((await heard(page, 'followup')).map(d => d.question), ['When are refunds paid?'])
  for (const name of ['ready', 'open']) assert.equal((await heard(page, name)).length, 1, name)

  await page.reload()
  await page.getByRole('button', { name: 'Ask a question' }).click()
  await page.getByText('When are refunds paid?').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Helpful', exact: true }).getAttribute('aria-pressed'), 'true')
  await ask(page, 'How long does delivery take?')
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => window.heard.some(([name]) => name === 'close'))
  assert.deepEqual(errors, [])
  assert.deepEqual([...new Set(requests)].sort(), [server.url, shop.url].sort(), 'nothing is fetched from anywhere else')
}))

test('by the keyboard alone, and by calls that came before it was there', () => visit(async (page, { errors }) => {
  shop.show('data-kb-lang="es" data-kb-position="left" data-kb-accent="#ffcc00" data-kb-theme="dark"')
  await page.goto(shop.url)
  await page.waitForFunction(() => window.heard.some(([name]) => name === 'ready'))
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Pregunta' }).waitFor()
  await page.waitForFunction(() => document.activeElement?.shadowRoot?.activeElement?.shadowRoot?.activeElement?.tagName === 'TEXTAREA')
  await page.keyboard.type('When are refunds paid?')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Copiar' }).waitFor()
  await page.evaluate(() => window.kb('reset'))
  await page.getByRole('button', { name: 'Copiar' }).waitFor({ state: 'detached' })
  await page.evaluate(() => window.kb('ask', 'What does delivery cost?'))
  await page.getByRole('button', { name: 'Copiar' }).waitFor()
  await page.evaluate(() => window.kb('hide'))
  await page.getByRole('button', { name: 'Haz una pregunta' }).waitFor({ state: 'hidden' })
  await page.evaluate(() => { window.kb('show'); window.kb('destroy') })
  await page.getByRole('button', { name: 'Haz una pregunta' }).waitFor({ state: 'detached' })
  assert.deepEqual(errors, [])
}))

test('in the page itself, where its tag says so', () => visit(async (page, { errors }) => {
  shop.show('data-kb-mode="inline" data-kb-target="#help"')
  // Whoever is quicker than the server is asked nothing twice.
  await page.route('**/api/v1/public/*', async route => {
    await new Promise(done => setTimeout(done, 1000))
    await route.continue()
  })
  await page.goto(shop.url)
  await ask(page, 'When are refunds paid?')
  assert.equal(await page.getByRole('button', { name: 'Ask a question' }).count(), 0)
  assert.deepEqual(errors, [])
}))

test('a visitor whom the owner’s server signed is known by name, and nobody else is', () => visit(async page => {
  const { secret } = await session.call('POST', `/knowledge-bases/${kb.id}/sites/secret`)
  const sign = user => ({ user, signature: createHmac('sha256', secret).update(user).digest('hex') })
  const person = id => sign(JSON.stringify({ id, name: `Visitor ${id}`, until: new Date(Date.now() + 60_000).toISOString() }))
  const names = async () => {
    const { items } = await session.call('GET', `/chat/conversations?kbId=${kb.id}`)
    return Promise.all(items.map(async c => (await session.call('GET', `/chat/conversations/${c.id}`)).endUser?.name ?? null))
  }
  shop.show('')
  await page.goto(shop.url)
  await page.evaluate(proof => { window.kb('identify', proof); window.kb('open') }, person('ada'))
  await ask(page, 'When are refunds paid?')
  assert.equal((await names())[0], 'Visitor ada')
  await page.reload()
  await page.evaluate(proof => { window.kb('identify', proof); window.kb('open') }, person('ada'))
  await page.getByText('When are refunds paid?').waitFor()
  // Another person at the same browser sees nothing of the one before.
  await page.evaluate(proof => window.kb('identify', proof), person('bob'))
  await page.getByText('When are refunds paid?').waitFor({ state: 'detached' })
  await ask(page, 'What does delivery cost?')
  assert.equal((await names())[0], 'Visitor bob')
  const before = (await names()).length
  await page.evaluate(proof => window.kb('identify', proof), { user: '{"id":"eve","name":"Bob"}', signature: '0'.repeat(64) })
  await page.getByRole('textbox', { name: 'Question' }).fill('Who am I?')
  await page.keyboard.press('Enter')
  await page.getByText('not signed with the secret').first().waitFor()
  assert.equal((await names()).length, before)
}))

test('a page that is not among the sites is refused clearly', () => visit(async (page, { errors }) => {
  stranger.show('')
  await page.goto(stranger.url)
  await page.getByRole('button', { name: 'Ask a question' }).click()
  await page.getByRole('heading', { name: 'Not available here' }).waitFor()
  assert.equal(await page.getByRole('textbox').count(), 0)
  const [problem] = await heard(page, 'error')
  assert.ok(problem.message.includes(stranger.url) && problem.message.includes('sites'), problem.message)
  assert.ok(errors.every(e => /CORS policy/.test(e)), errors.join('\n'))
  const before = errors.length
  await session.call('PUT', `/knowledge-bases/${kb.id}/sites`, { origins: [shop.url, stranger.url] })
  try {
    await page.getByRole('button', { name: 'Try again' }).click()
    await ask(page, 'When are refunds paid?')
    assert.equal(errors.length, before)
  } finally {
    await session.call('PUT', `/knowledge-bases/${kb.id}/sites`, { origins: [shop.url] })
  }
}))

test('what is not shared says so', () => visit(async (page, { errors }) => {
  shop.write(`<script type="module" async src="${server.url}/widget.js" data-kb-site="nothing"></script>`)
  await page.goto(shop.url)
  await page.evaluate(() => window.kb('open'))
  await page.getByRole('heading', { name: /Nothing is shared here|Not available here/ }).waitFor()
  assert.ok(errors.every(e => /CORS policy/.test(e)), errors.join('\n'))
}))

test('as a frame: a named site may show it and talk with it, no other may', () => visit(async (page, { errors }) => {
  for (const [host, shown] of [[shop, true], [stranger, false]]) {
    host.write(`<iframe title="Help" src="${server.url}/embed/${slug}" width="400" height="600"></iframe>`)
    await page.goto(host.url)
    const frame = page.frames().find(f => f !== page.mainFrame())
    if (!shown) {
      assert.equal(await frame.locator('textarea').count(), 0)
      assert.ok(errors.splice(0).some(e => /frame-ancestors/.test(e)))
      continue
    }
    await frame.locator('textarea').waitFor()
    await page.evaluate(() => { window.told = []; addEventListener('message', e => window.told.push([e.origin, e.data.name])) })
    // Only the page that frames it is heard, and only in its own words.
    await page.evaluate(url => frames[0].postMessage({ source: 'kvasir-host', name: 'ask', argument: 'When are refunds paid?' }, url), server.url)
    await frame.getByRole('button', { name: 'Copy' }).waitFor()
    assert.deepEqual(await page.evaluate(() => window.told.filter(([, name]) => name === 'message')), [[server.url, 'message']])
    await frame.evaluate(() => window.postMessage({ source: 'kvasir-host', name: 'reset' }, '*'))
    assert.equal(await frame.getByRole('button', { name: 'Copy' }).count(), 1)
    assert.deepEqual(errors, [])
  }
}))

test('the test page shows it as the settings chose it', () => visit(async (page, { errors }) => {
  await page.goto(`/try/${slug}?theme=dark&accent=%23008080`)
  await page.getByRole('button', { name: 'Ask a question' }).click()
  await ask(page, 'When are refunds paid?')
  await page.getByText(/^kb:message/).waitFor()
  await page.goto(`/try/${slug}?mode=inline`)
  await page.getByText('When are refunds paid?').first().waitFor()
  assert.deepEqual(errors, [])
}))
