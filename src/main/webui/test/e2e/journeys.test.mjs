// Whole journeys against a real server in a real browser. Needs ./dev build (or KVASIR_E2E_URL) and a Chromium.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { EMAIL, PASSWORD, SHOP, filledBase, owner, startBrowser, startServer, visiting } from './server.mjs'

let server, browser, session
before(async () => {
  browser = await startBrowser()
  server = await startServer()
  session = await owner(server.url)
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const visit = (options, journey) => visiting(browser, server.url, journey, options)
const files = names => names.map(name => ({ name, mimeType: 'text/markdown', buffer: Buffer.from(SHOP[name]) }))
const room = (kb, rest) => `/t/${session.me.tenantId}/kbs/${kb.id}/${rest}`
const shop = name => filledBase(session, name, SHOP)

test('from the first login to the first cited answer by one file drop and one click', () => visit({}, async page => {
  await page.goto('/login')
  await page.getByLabel('Email').fill(EMAIL)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'My Knowledge Bases' }).waitFor()
  let clicks = 0
  await page.exposeFunction('clicked', () => { clicks++ })
  await page.evaluate(() => document.addEventListener('click', () => window.clicked(), true))
  const dropped = await page.evaluateHandle(text => {
    const data = new DataTransfer()
    data.items.add(new File([text], 'refunds.md', { type: 'text/markdown' }))
    return data
  }, SHOP['refunds.md'])
  await page.getByRole('button', { name: /^Drop files/ }).dispatchEvent('drop', { dataTransfer: dropped })
  await page.waitForURL(/\/overview$/)
  await page.getByRole('button', { name: 'When refunds are paid?' }).first().click()
  await page.getByRole('button', { name: /^Source 1: Refund policy/ }).first().waitFor()
  assert.equal(clicks, 1)
}))

test('a wrong password is refused in words, and nobody gets in without one', () => visit({}, async page => {
  await page.goto(`/t/${session.me.tenantId}/kbs`)
  await page.waitForURL(/\/login\?next=/)
  await page.getByLabel('Email').fill(EMAIL)
  await page.getByLabel('Password').fill('a wrong password')
  await page.keyboard.press('Enter')
  assert.match(await page.getByRole('alert').first().innerText(), /wrong/)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'My Knowledge Bases' }).waitFor()
}))

test('a citation opens its document at the passage', async () => {
  const kb = await shop('Citations')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'overview'))
    await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /^Source 1/ }).first().click()
    await page.getByRole('link', { name: 'Open in document' }).click()
    await page.locator('mark').waitFor()
    assert.match(await page.locator('mark').innerText(), /Refunds are paid/)
    await page.keyboard.press('Escape')
    await page.waitForURL(/\/documents$/)
  })
})

test('uploads show bytes, then the server’s stages, and a finished document survives a reload', async () => {
  const kb = await filledBase(session, 'Uploads', {})
  await visit({ session }, async page => {
    await page.goto(room(kb, 'documents'))
    await page.locator('input[type=file]').first().setInputFiles(files(['refunds.md', 'delivery.md']))
    await page.getByRole('region', { name: 'Uploads' }).waitFor()
    await page.getByRole('table', { name: 'Documents' }).getByText('Ready').nth(1).waitFor()
    await page.reload()
    assert.equal(await page.getByRole('table', { name: 'Documents' }).getByText('Ready').count().then(n => n || page.getByRole('table', { name: 'Documents' }).getByText('Ready').first().waitFor().then(() => 2)), 2)
  })
})

test('a file that cannot be read says why, and can be retried and deleted', async () => {
  const kb = await filledBase(session, 'Broken', { 'empty.md': '   ' })
  await visit({ session }, async page => {
    await page.goto(`${room(kb, 'documents')}?show=failed`)
    await page.getByRole('table').getByRole('button').first().click()
    await page.getByText('This document could not be read').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('Drop documents here').waitFor()
  })
})

test('a change anywhere is shown here without asking again', async () => {
  const kb = await shop('Live')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'documents'))
    await page.getByRole('table').getByText('Warranty').waitFor()
    const form = new FormData()
    form.append('file', new Blob(['# News\n\nSomething new came in today.\n']), 'news.md')
    await session.call('POST', `/knowledge-bases/${kb.id}/documents`, form)
    await page.getByRole('table').getByText('News', { exact: true }).waitFor()
  })
})

test('the retrieval debugger tells rank, score and time of every stage, and its address says what was asked', async () => {
  const kb = await shop('Search')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'search'))
    await page.getByRole('searchbox').fill('how long is the warranty')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Warranty' }).first().waitFor()
    await page.getByText('Embed').waitFor()
    await page.getByRole('radio', { name: 'Words' }).check({ force: true })
    await page.waitForURL(/mode=keyword/)
    await page.reload()
    assert.equal(await page.getByRole('searchbox').inputValue(), 'how long is the warranty')
  })
})

test('the keyboard alone reaches everything: palette, places, lists, help', async () => {
  const kb = await shop('Keys')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'overview'))
    await page.getByRole('heading', { name: 'Ask a question' }).waitFor()
    await page.locator('main').focus()
    await page.keyboard.press('g')
    await page.keyboard.press('d')
    await page.waitForURL(/\/documents$/)
    await page.getByRole('table').getByText('Warranty').waitFor()
    await page.keyboard.press('j')
    await page.waitForURL(/\/documents\/./)
    await page.keyboard.press('Escape')
    await page.waitForURL(/\/documents$/)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Type a command or a name').waitFor()
    await page.keyboard.type('semantic')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/search$/)
    // The palette gives the focus back when it has gone.
    await page.getByPlaceholder('Type a command or a name').waitFor({ state: 'detached' })
    await page.getByRole('searchbox').focus()
    await page.keyboard.type('gd?')
    assert.equal(await page.getByRole('searchbox').inputValue(), 'gd?')
  })
})

test('settings are saved, refused in words, and taken back', async () => {
  const kb = await shop('Settings')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'settings/answers'))
    await page.getByLabel('Name').fill('Renamed')
    await page.getByRole('button', { name: 'Save' }).first().click()
    await page.getByText('Saved').waitFor()
    assert.equal((await session.call('GET', `/knowledge-bases/${kb.id}`)).name, 'Renamed')
    await page.getByLabel('Passages per answer').fill('7')
    await page.getByRole('button', { name: 'Discard changes' }).click()
    assert.notEqual(await page.getByLabel('Passages per answer').inputValue(), '7')
  })
})

test('a room this server does not have says so calmly', async () => {
  const kb = await shop('Rooms')
  await visit({ session }, async page => {
    await page.route('**/knowledge?**', route => route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"type":"urn:x","status":404,"detail":"There is nothing at this address"}' }))
    await page.goto(room(kb, 'faq'))
    await page.getByText('FAQ is not available here').waitFor()
  })
})

test('sharing gives a public page at once, and ends it at once', async () => {
  const kb = await shop('Public shop')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'settings/share'))
    await page.getByRole('button', { name: 'Share publicly' }).click()
    const link = page.getByRole('link', { name: 'Open the page' })
    await link.waitFor()
    const address = await link.getAttribute('href')
    await visit({}, async visitor => {
      await visitor.goto(address)
      assert.equal(await visitor.title(), 'Public shop')
      await visitor.getByRole('textbox', { name: 'Question' }).fill('What does delivery cost?')
      await visitor.keyboard.press('Enter')
      await visitor.getByRole('button', { name: /^Source 1: Delivery/ }).first().click()
      await visitor.getByRole('dialog').getByText('4.90 euros').waitFor()
      await visitor.keyboard.press('Escape')
      await visitor.reload()
      await visitor.getByText('What does delivery cost?').waitFor()
      await visitor.getByRole('button', { name: 'Copy' }).waitFor()
    })
    await page.getByRole('button', { name: 'Stop sharing' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop sharing' }).click()
    await page.getByRole('button', { name: 'Share publicly' }).waitFor()
    assert.equal((await fetch(server.url + address)).status, 404)
  })
})

test('a stream that is cut goes on where it broke, and nothing is said twice', async () => {
  const kb = await shop('Cuts')
  const { slug } = await session.call('POST', `/knowledge-bases/${kb.id}/share`)
  await visit({}, async page => {
    // The first connection is closed right after the question is taken; what follows comes by the events.
    await page.route('**/messages', async route => {
      if (route.request().method() !== 'POST') return route.continue()
      const answer = await route.fetch()
      const text = await answer.text()
      await route.fulfill({ response: answer, body: text.slice(0, text.indexOf('event: delta')) })
    })
    await page.goto(`/kb/${slug}`)
    await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Copy' }).waitFor()
    const text = await page.locator('.a').innerText()
    assert.equal(text.split('14 days').length, 2, text)
  })
})
