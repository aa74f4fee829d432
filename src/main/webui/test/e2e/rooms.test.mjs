// The other rooms against a real server: questions, web, mail, people, usage, audit; and what a reload must not lose.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { startModel } from './model.mjs'
import { SHOP, filledBase, owner, startBrowser, startServer, visiting } from './server.mjs'

let server, browser, session, model, web
before(async () => {
  model = await startModel()
  web = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(`<title>Opening hours</title><main><h1>Opening hours</h1><p>${web.says}</p></main>`))
  web.says = 'The shop is open from nine to six, and on Saturdays until noon.'
  await new Promise(done => web.listen(0, '127.0.0.1', done))
  browser = await startBrowser()
  server = await startServer({ ...model.environment, KVASIR_OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8' })
  session = await owner(server.url)
})
after(async () => {
  await browser?.close()
  await server?.stop()
  await model?.stop()
  web?.close()
  web?.closeAllConnections()
})

const visit = (options, journey) => visiting(browser, server.url, journey, options)
const room = (kb, rest) => `/t/${session.me.tenantId}/kbs/${kb.id}/${rest}`
const workspace = rest => `/t/${session.me.tenantId}/settings/${rest}`
const base = name => filledBase(session, name, {})
const talking = async name => {
  const kb = await filledBase(session, name, SHOP)
  await session.call('PUT', `/knowledge-bases/${kb.id}`, { provider: 'compatible', model: 'double' })
  return kb
}
/** Moves by Tab until a thing with this name has the focus. */
const tabTo = async (page, name) => {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => { const e = document.activeElement; return e?.getAttribute('aria-label') || e?.labels?.[0]?.textContent || e?.textContent?.trim() })
    if (focused === name) return
  }
  throw new Error(`no Tab leads to ${name}`)
}

test('questions: written, found, changed, imported, exported and deleted', async () => {
  const kb = await base('Questions')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'faq'))
    await page.getByRole('button', { name: 'Add a question' }).first().click()
    await page.getByLabel('Question', { exact: true }).fill('Can I pay by invoice?')
    await page.getByLabel('Answer').fill('Companies can.')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('table').getByText('Can I pay by invoice?').click()
    await page.getByLabel('Answer').fill('Companies can, after their first order.')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('table').getByText('after their first order').waitFor()
    await page.getByLabel('Answer').waitFor({ state: 'detached' })
    const chosen = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Import CSV' }).click()
    await (await chosen).setFiles({ name: 'faq.csv', mimeType: 'text/csv', buffer: Buffer.from('question,answer\nWhere are you?,In the old brewery.\n') })
    await page.getByRole('table').getByText('Where are you?').waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    const csv = readFileSync(await (await download).path(), 'utf8')
    assert.match(csv, /Can I pay by invoice\?/)
    assert.match(csv, /In the old brewery/)
    await page.getByRole('searchbox').fill('invoice')
    await page.getByRole('table').getByText('Where are you?').waitFor({ state: 'detached' })
    await page.getByRole('table').getByText('Can I pay by invoice?').click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('Can I pay by invoice?').waitFor({ state: 'detached' })
  })
  assert.deepEqual((await session.call('GET', `/knowledge-bases/${kb.id}/knowledge`)).items.map(e => e.question), ['Where are you?'])
})

test('questions by the keyboard alone', async () => {
  const kb = await base('Typed')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'faq'))
    await page.getByText('No questions yet').waitFor()
    await tabTo(page, 'Add a question')
    await page.keyboard.press('Enter')
    await page.getByLabel('Question', { exact: true }).waitFor()
    await page.keyboard.type('Do you ship to islands?')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Yes, with two more days.')
    await tabTo(page, 'Save')
    await page.keyboard.press('Enter')
    await page.getByRole('table').getByText('Do you ship to islands?').waitFor()
  })
  const { slug } = await session.call('POST', `/knowledge-bases/${kb.id}/share`)
  await visit({}, async page => {
    await page.goto(`/kb/${slug}`)
    await page.getByRole('button', { name: 'Do you ship to islands?' }).waitFor()
  })
})

test('a web source is read, shown as it goes without asking again, read anew and deleted', async () => {
  const kb = await base('Pages')
  const address = `http://127.0.0.1:${web.address().port}/hours`
  await visit({ session }, async page => {
    await page.goto(room(kb, 'web'))
    await page.getByRole('button', { name: 'Add a web source' }).first().click()
    await page.keyboard.type(address)
    await page.getByRole('dialog').getByRole('button', { name: 'Add a web source' }).click()
    await page.getByRole('table').getByText(address).waitFor()
    await page.getByRole('table').getByText(/Up to date|Ready|Fresh|Active/i).waitFor()
    web.says = 'From May on the shop is open until eight.'
    if (!(await page.getByRole('button', { name: 'Read now' }).isVisible())) await page.getByRole('table').getByText(address).click()
    await page.getByRole('button', { name: 'Read now' }).click()
    await page.getByText(/changed 1/i).waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No web sources yet').waitFor()
  })
})

test('a mailbox that cannot be reached says why, and nothing of its password is shown', async () => {
  const kb = await base('Mail')
  await visit({ session }, async page => {
    await page.goto(`${room(kb, 'email')}?open=new`)
    await page.getByLabel('Email').fill('help@shop.example')
    await page.getByLabel('Server').fill('127.0.0.1')
    await page.getByLabel('Port').fill('1')
    await page.getByLabel('Password').fill('a very secret word')
    await page.getByRole('dialog').getByRole('button', { name: 'Connect a mailbox' }).click()
    const failed = page.getByRole('table').getByText('Failed').or(page.getByRole('dialog').getByRole('alert')).first()
    await failed.waitFor()
    assert.doesNotMatch(await page.locator('body').innerText(), /a very secret word/)
  })
})

test('people: invited, shown, and let go', async () => {
  await visit({ session }, async page => {
    await page.goto(workspace('members'))
    await page.getByRole('button', { name: 'Invite' }).click()
    await page.keyboard.type('ada@shop.example')
    await page.getByLabel('Role').selectOption('STAFF')
    await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
    await page.getByText('ada@shop.example', { exact: true }).waitFor()
    assert.equal((await session.call('GET', '/invitations')).items.find(i => i.email === 'ada@shop.example').role, 'STAFF')
    await page.getByRole('button', { name: /^Revoke/ }).click()
    await page.getByRole('button', { name: /^Revoke/ }).waitFor({ state: 'detached' })
  })
})

test('an API key is shown once, works, and is revoked', async () => {
  const kb = await base('Keys for programs')
  await visit({ session }, async page => {
    await page.goto(room(kb, 'settings/api'))
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name').fill('Nightly')
    await page.keyboard.press('Enter')
    const key = (await page.getByRole('dialog').locator('pre').first().innerText()).trim()
    const use = () => fetch(`${server.url}/api/v1/knowledge-bases`, { headers: { Authorization: `Bearer ${key}` } }).then(r => r.status)
    assert.equal(await use(), 200)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /Nightly/ }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No keys yet').waitFor()
    assert.equal(await use(), 401)
  })
})

test('usage and audit tell what the server counted and recorded', async () => {
  const kb = await filledBase(session, 'Counted', SHOP)
  const { id } = await session.call('POST', '/chat/conversations', { kbId: kb.id })
  await session.call('POST', `/chat/conversations/${id}/messages`, { content: 'When are refunds paid?' })
  await visit({ session }, async page => {
    await page.goto(workspace('usage'))
    const { counts, days } = await session.call('GET', '/usage')
    const documents = counts.find(c => c.what === 'documents').used
    await page.getByRole('listitem').filter({ hasText: `${documents} / unlimited` }).first().waitFor()
    assert.ok(days.length > 0)
    await page.getByRole('table', { name: 'Day by day' }).getByText(days[0].day).first().waitFor()
    await page.goto(workspace('audit'))
    await page.getByRole('button', { name: 'knowledge-bases.created' }).first().click()
    const peek = page.getByRole('complementary', { name: 'knowledge-bases.created' })
    await peek.getByText(/^[0-9a-f]{64}$/).waitFor()
    // What is open stands in the address.
    await page.reload()
    await peek.getByText(/^[0-9a-f]{64}$/).waitFor()
    await peek.getByText('owner@localhost').waitFor()
    await page.keyboard.press('Escape')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    assert.match(readFileSync(await (await download).path(), 'utf8'), /knowledge-bases\.created/)
  })
})

test('the password is changed, a weak one refused in words, and one’s data taken away', async () => {
  await visit({ session }, async page => {
    await page.goto(workspace('security'))
    await page.getByLabel('Password now').fill('not the password')
    await page.getByLabel('New password').fill('another good long password')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByRole('alert').first().or(page.getByText(/wrong|not right/i)).first().waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    assert.equal(readFileSync(await (await download).path()).subarray(0, 2).toString(), 'PK')
  })
})

test('benchmarks this server does not have yet are said so calmly', async () => {
  const kb = await base('Benchmarks')
  await visit({ session }, async page => {
    for (const place of ['benchmark/datasets', 'benchmark/runs']) {
      await page.goto(room(kb, place))
      await page.getByText('Benchmark & Testing is not available here').waitFor()
    }
  })
})

test('a conversation begun anywhere comes into the list by itself, and what is said in it too', async () => {
  const kb = await filledBase(session, 'Watched', SHOP)
  await visit({ session }, async page => {
    await page.goto(room(kb, 'conversations'))
    await page.getByText('Nobody has asked yet').waitFor()
    const { id } = await session.call('POST', '/chat/conversations', { kbId: kb.id, endUser: { name: 'Ada' } })
    await page.getByRole('table').getByRole('button', { name: new RegExp(id.slice(-8)) }).click()
    await session.call('POST', `/chat/conversations/${id}/messages`, { content: 'When are refunds paid?' })
    await page.getByRole('complementary').getByText('Refunds are paid within 14 days').waitFor()
    await page.getByRole('complementary').getByRole('button', { name: 'Close' }).first().click()
    await session.call('POST', `/chat/conversations/${id}/close`)
    await page.getByRole('table').getByText('Closed').waitFor()
  })
})

test('an answer is read along by staff while it is written for somebody else', async () => {
  const kb = await talking('Read along')
  Object.assign(model, { text: `Refunds are paid within 14 days [1]. ${Array.from({ length: 60 }, (_, i) => `Sentence ${i}.`).join(' ')}`, piece: 12, every: 60 })
  const { id } = await session.call('POST', '/chat/conversations', { kbId: kb.id })
  await visit({ session }, async page => {
    await page.goto(room(kb, `conversations/${id}`))
    await page.getByText('Nothing was asked in it').waitFor()
    const answered = session.call('POST', `/chat/conversations/${id}/messages`, { content: 'When are refunds paid?' })
    const peek = page.getByRole('complementary')
    await peek.getByText(/Sentence 3\./).waitFor()
    assert.equal(await peek.getByText(/Sentence 59\./).count(), 0, 'in the middle')
    await peek.getByText(/Sentence 59\./).waitFor()
    await peek.getByRole('button', { name: 'Copy' }).waitFor()
    const said = await peek.innerText()
    for (const i of [0, 17, 59]) assert.equal(said.split(`Sentence ${i}.`).length, 2, `sentence ${i} once`)
    await answered
  })
})

test('whoever scrolls up while an answer is written stays where they read, and is taken along again when they want', async () => {
  const kb = await talking('Scrolled')
  const { slug } = await session.call('POST', `/knowledge-bases/${kb.id}/share`)
  Object.assign(model, { text: `Refunds are paid within 14 days [1].\n\n${Array.from({ length: 120 }, (_, i) => `Paragraph ${i}.`).join('\n\n')}`, piece: 8, every: 40 })
  for (const [options, address] of [[{}, `/kb/${slug}`], [{ session }, room(kb, 'overview')]]) {
    await visit(options, async page => {
      await page.goto(address)
      await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
      await page.keyboard.press('Enter')
      const seen = n => page.waitForFunction(n => {
        const all = root => [...root.querySelectorAll('p')].concat([...root.querySelectorAll('*')].filter(e => e.shadowRoot).flatMap(e => all(e.shadowRoot)))
        const at = all(document).find(p => p.textContent === `Paragraph ${n}.`)?.getBoundingClientRect()
        return at && at.top >= 0 && at.bottom <= innerHeight
      }, n)
      // It goes along by itself.
      await seen(50)
      await page.mouse.move(500, 300)
      await page.mouse.wheel(0, -900)
      await page.getByRole('button', { name: /Newest/ }).waitFor()
      const here = await page.getByText('Paragraph 30.', { exact: true }).boundingBox()
      await page.getByText('Paragraph 80.', { exact: true }).waitFor({ state: 'attached' })
      assert.equal((await page.getByText('Paragraph 30.', { exact: true }).boundingBox()).y, here.y)
      await page.getByRole('button', { name: /Newest/ }).click()
      await page.getByRole('button', { name: /Newest/ }).waitFor({ state: 'detached' })
      await seen(119)
    })
  }
})

test('a reload in the middle of an answer loses nothing of it', async () => {
  const kb = await talking('Reloaded')
  const { slug } = await session.call('POST', `/knowledge-bases/${kb.id}/share`)
  Object.assign(model, { text: `Refunds are paid within 14 days [1]. ${Array.from({ length: 60 }, (_, i) => `Sentence ${i}.`).join(' ')}`, piece: 12, every: 60 })
  for (const [options, address] of [[{}, `/kb/${slug}`], [{ session }, room(kb, 'overview')]]) {
    await visit(options, async page => {
      await page.goto(address)
      await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
      await page.keyboard.press('Enter')
      await page.getByText(/Sentence 3\./).waitFor()
      assert.equal(await page.getByText(/Sentence 59\./).count(), 0, 'in the middle')
      await page.reload()
      await page.getByText(/Sentence 59\./).waitFor()
      const said = await page.locator('article, .prose, [data-answer]').last().innerText()
      for (const i of [0, 17, 59]) assert.equal(said.split(`Sentence ${i}.`).length, 2, `sentence ${i} once`)
    })
  }
})

test('a reload in the middle of an upload loses nothing, and doubles nothing', async () => {
  const kb = await base('Interrupted')
  await visit({ session }, async (page, context) => {
    await page.goto(room(kb, 'documents'))
    await page.getByText('Drop documents here').waitFor()
    const line = await context.newCDPSession(page)
    await line.send('Network.enable')
    await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 60_000 })
    // Large on its way and small to read.
    const blank = '\n'.repeat(400_000)
    await page.locator('input[type=file]').first().setInputFiles([1, 2].map(n => ({ name: `large-${n}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`Document number ${n}. ${blank}`) })))
    await page.getByRole('region', { name: 'Uploads' }).getByText('large-1.txt').waitFor()
    await page.waitForFunction(() => JSON.parse(sessionStorage.getItem('kvasir.uploads') ?? '[]').some(u => u.sent > 50_000 && u.state === 'sending'))
    await line.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
    await page.reload()
    await page.getByRole('table', { name: 'Documents' }).getByText('large-2').first().waitFor()
    await page.waitForFunction(() => JSON.parse(sessionStorage.getItem('kvasir.uploads') ?? '[]').every(u => u.state === 'arrived'))
  })
  assert.equal((await session.call('GET', `/knowledge-bases/${kb.id}/documents`)).items.length, 2)
})

test('hostile Markdown, titles and file names, streamed letter by letter, make no element, no request and no script', async () => {
  const hostile = ['<script>document.title = "caught"</script>', '<img src="https://evil.example/a.png" onerror="document.title=\'caught\'">', '![x](https://evil.example/b.png)', '[x](javascript:document.title="caught")', '<svg onload="document.title=\'caught\'"></svg>', '<iframe src="https://evil.example"></iframe>', '[x](https://evil.example/" onmouseover="document.title=\'caught\')', '<style>*{background:url(https://evil.example/c)}</style>', '```html\n<object data="https://evil.example"></object>\n```', '[1]: javascript:alert(1)', '<a href="javascript:alert(1)">y</a>', '<form action="https://evil.example"><input autofocus onfocus=alert(1)></form>', '$$\\href{javascript:alert(1)}{x}$$', '<video src="https://evil.example/v" autoplay></video>']
  const kb = await filledBase(session, '<img src=x onerror=alert(1)>', { '<svg onload=alert(1)>.md': `# <img src="https://evil.example/t.png" onerror=alert(1)>\n\n## When are refunds paid?\n\nRefunds are paid within 14 days. ${hostile.join(' ')}\n` })
  await session.call('PUT', `/knowledge-bases/${kb.id}`, { provider: 'compatible', model: 'double', description: hostile.join(' ') })
  const { slug } = await session.call('POST', `/knowledge-bases/${kb.id}/share`)
  Object.assign(model, { text: `Refunds [1] ${hostile.join('\n\n')}\n\nThe very end.`, piece: 1, every: 2 })
  for (const [options, address] of [[{}, `/kb/${slug}`], [{ session }, room(kb, 'overview')]]) {
    await visit(options, async page => {
      const away = []
      page.on('request', r => { if (new URL(r.url()).origin !== server.url && !r.url().startsWith('data:')) away.push(r.url()) })
      page.on('dialog', d => { away.push(d.message()); void d.dismiss() })
      await page.goto(address)
      await page.getByRole('textbox', { name: 'Question' }).waitFor()
      await page.evaluate(() => {
        window.made = []
        const look = node => {
          if (node.nodeType !== 1) return
          if (/^(SCRIPT|IFRAME|OBJECT|EMBED|STYLE|LINK|VIDEO|AUDIO|FORM|INPUT|IMG)$/.test(node.tagName)) window.made.push(node.outerHTML)
          for (const { name } of node.attributes) if (name.startsWith('on')) window.made.push(node.outerHTML)
          for (const child of node.children) look(child)
        }
        const watch = root => new MutationObserver(all => { for (const m of all) for (const n of m.addedNodes) look(n) }).observe(root, { childList: true, subtree: true })
        watch(document.body)
        for (const el of document.querySelectorAll('*')) if (el.shadowRoot) watch(el.shadowRoot)
      })
      await page.getByRole('textbox', { name: 'Question' }).fill('When are refunds paid?')
      await page.keyboard.press('Enter')
      await page.getByText('The very end.').waitFor()
      assert.deepEqual(await page.evaluate(() => window.made), [])
      await page.getByRole('button', { name: /^Source 1/ }).first().click()
      await page.getByText('Refunds are paid within 14 days').first().waitFor()
      await page.reload()
      await page.getByText('The very end.').waitFor()
      assert.deepEqual(away, [])
      assert.doesNotMatch(await page.title(), /caught/)
    })
  }
  await visit({ session }, async page => {
    for (const place of ['documents', 'conversations', 'search?q=refunds']) {
      await page.goto(room(kb, place))
      await page.getByRole('heading').first().waitFor()
      assert.equal(await page.locator('img[src*=evil], [onerror], [onload]').count(), 0)
    }
  })
})

test('the embedding model is changed while it is watched, and a change is taken back', async () => {
  const kb = await filledBase(session, 'Understood', SHOP)
  const { embeddingModel: before } = await session.call('GET', `/knowledge-bases/${kb.id}`)
  let release
  model.held = new Promise(done => { release = done })
  await visit({ session }, async page => {
    await page.goto(room(kb, 'settings/answers'))
    const choice = page.getByLabel('Embedding model')
    const change = async () => {
      await choice.selectOption('nomic-embed-text')
      await page.getByRole('button', { name: 'Change the model' }).click()
    }
    // What stands in another form stays there, whatever becomes of the vectors.
    await page.getByLabel('Instructions').fill('Be brief.')
    await change()
    await page.getByText(`${before} answers until all are done.`).waitFor()
    await page.getByRole('button', { name: 'Stay with the present model' }).click()
    await page.getByRole('progressbar', { name: 'Passages embedded anew' }).waitFor({ state: 'detached' })
    assert.equal(await choice.inputValue(), before)
    await change()
    await page.getByRole('progressbar', { name: 'Passages embedded anew' }).waitFor()
    release()
    model.held = undefined
    await page.getByRole('progressbar', { name: 'Passages embedded anew' }).waitFor({ state: 'detached' })
    assert.equal(await choice.inputValue(), 'nomic-embed-text')
    assert.equal(await page.getByLabel('Instructions').inputValue(), 'Be brief.')
  })
  assert.equal((await session.call('GET', `/knowledge-bases/${kb.id}`)).embeddingModel, 'nomic-embed-text')
  assert.ok((await session.call('POST', `/knowledge-bases/${kb.id}/knowledge/search`, { query: 'When are refunds paid?' })).results.length > 0)
})
