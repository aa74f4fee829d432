// How one gets in: sign-up, invitation, forgotten password, second factor, an account elsewhere. Mails are read where the server puts them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startIssuer } from './issuer.mjs'
import { EMAIL, PASSWORD, mailed, owner, startBrowser, startServer, visiting } from './server.mjs'
import { code } from './totp.mjs'

const SECOND = 'staple battery horse wrong'
let server, browser, session, issuer, url
before(async () => {
  issuer = await startIssuer()
  browser = await startBrowser()
  server = await startServer({ ...issuer.environment, KVASIR_REGISTRATION: 'OPEN', KVASIR_RATE_LIMITS: 'false' })
  session = await owner(server.url)
  // Links in mails, and those who come back from elsewhere, lead to where the server believes to be reached.
  url = server.url.replace('127.0.0.1', 'localhost')
})
after(async () => {
  await browser?.close()
  await server?.stop()
  await issuer?.stop()
})

const visit = journey => visiting(browser, url, journey)
const home = page => page.getByRole('heading', { name: 'My Knowledge Bases' }).waitFor()
const post = (path, body, token) => fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }, body: JSON.stringify(body) })
const says = async (page, what) => page.getByRole('alert').filter({ hasText: what }).first().waitFor()

/** Somebody with a workspace of their own. */
async function somebody(email) {
  assert.equal((await post('/auth/register', { email, password: PASSWORD, name: 'Somebody' })).status, 202)
  const answer = await post('/auth/email/verify', { token: await mailed(server, email, /\/verify#token=([\w-]+)/) })
  assert.equal(answer.status, 200)
  return (await answer.json()).accessToken
}

/** The same with a second factor. @returns its secret */
async function guarded(email) {
  const token = await somebody(email)
  const { secret } = await (await post('/auth/mfa/setup', {}, token)).json()
  assert.equal((await post('/auth/mfa/verify', { code: code(secret, -1) }, token)).status, 200)
  return secret
}

const enter = async (page, email, password = PASSWORD) => {
  await page.goto('/login')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
const leave = async page => {
  await page.getByRole('button', { name: 'Account' }).first().click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.getByRole('heading', { name: 'Log in to Kvasir' }).waitFor()
}

/** Moves by Tab until something whose name ends so has the focus. */
const tabTo = async (page, name) => {
  const met = []
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => { const e = document.activeElement; return e?.getAttribute('aria-label') || e?.labels?.[0]?.textContent || e?.textContent?.trim() })
    if (focused?.endsWith(name)) return
    met.push(focused)
  }
  throw new Error(`no Tab leads to ${name}, but to ${[...new Set(met)].join(' | ')}`)
}

test('one signs up, proves the address by the mailed link, and is in a workspace of one’s own', () => visit(async page => {
  await page.goto('/login')
  await page.getByRole('link', { name: 'Create an account' }).click()
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Email').fill('ada@shop.example')
  await page.getByLabel('New password').fill('too short')
  await page.getByRole('button', { name: 'Create an account' }).click()
  await says(page, 'at least 12 characters')
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
  const link = await mailed(server, 'ada@shop.example', /(http\S+\/verify#token=[\w-]+)/)
  await page.goto(link)
  await home(page)
  // In by the cookie as well: a fresh tab needs no login.
  const fresh = await page.context().newPage()
  await fresh.goto('/t/me/kbs')
  await home(fresh)
  await fresh.close()
  await leave(page)
  await page.goto(link)
  await page.getByRole('alert').first().waitFor()
  await enter(page, 'ada@shop.example')
  await home(page)
}))

test('whoever is invited joins with the role that was given, by a link that is good once', async () => {
  await session.call('POST', '/invitations', { email: 'grace.invited@shop.example', role: 'VIEWER' })
  const link = await mailed(server, 'grace.invited@shop.example', /(http\S+\/invite\/[\w-]+)/)
  await visit(async page => {
    await page.goto(link)
    await page.getByLabel('Your name').fill('Grace')
    await page.getByLabel('New password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Join' }).click()
    await home(page)
    assert.ok(page.url().includes(`/t/${session.me.tenantId}/`), 'in the workspace one was invited to')
    await page.goto(`/t/${session.me.tenantId}/settings/security`)
    await page.getByRole('definition').filter({ hasText: 'grace.invited@shop.example' }).waitFor()
  })
  const member = (await session.call('GET', '/members')).items.find(m => m.email === 'grace.invited@shop.example')
  assert.deepEqual([member.role, member.name], ['VIEWER', 'Grace'])
  await visit(async page => {
    await page.goto(link)
    await page.getByLabel('Your name').fill('Mallory')
    await page.getByLabel('New password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('alert').first().waitFor()
  })
})

test('a forgotten password is replaced by the mailed link, and the old one is no good any more', async () => {
  await somebody('forgetful@shop.example')
  await visit(async page => {
    await page.goto('/login')
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('Email').fill('forgetful@shop.example')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
    const link = await mailed(server, 'forgetful@shop.example', /(http\S+\/reset#token=[\w-]+)/)
    await page.goto(link)
    await page.getByLabel('New password').fill(SECOND)
    await page.getByRole('button', { name: 'Save the password' }).click()
    await page.getByRole('heading', { name: 'Password saved' }).waitFor()
    await enter(page, 'forgetful@shop.example')
    await says(page, 'wrong')
    await enter(page, 'forgetful@shop.example', SECOND)
    await home(page)
    await leave(page)
    await page.goto('about:blank')
    await page.goto(link)
    await page.getByLabel('New password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Save the password' }).click()
    await page.getByRole('alert').first().waitFor()
  })
})

test('a second factor by the keyboard alone: set up, asked for, and a recovery code in its place once', async () => {
  await somebody('careful@shop.example')
  await visit(async page => {
    const type = async (name, text) => {
      await tabTo(page, name)
      await page.keyboard.type(text)
    }
    const begin = async () => {
      await page.goto('/login')
      await page.getByRole('heading', { name: 'Log in to Kvasir' }).waitFor()
      // The first field has the focus already.
      await page.waitForFunction(() => document.activeElement?.matches('input[type=email]'))
      await page.keyboard.type('careful@shop.example')
      await page.keyboard.press('Tab')
      await page.keyboard.type(PASSWORD)
      await page.keyboard.press('Enter')
    }
    const out = async () => {
      await tabTo(page, 'Account menu')
      await page.keyboard.press('Enter')
      await page.getByRole('menuitem', { name: 'Log out' }).waitFor()
      // The menu is seen a moment before it has the focus.
      await page.waitForFunction(() => document.activeElement?.closest('[role=menu]'))
      await page.keyboard.press('End')
      await page.waitForFunction(() => document.activeElement?.textContent?.includes('Log out'))
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Log in to Kvasir' }).waitFor()
    }
    const second = async text => {
      await page.getByRole('heading', { name: 'Second step' }).waitFor()
      await page.waitForFunction(() => document.activeElement?.matches('input[autocomplete=one-time-code]'))
      await page.keyboard.press('Control+a')
      await page.keyboard.type(text)
      await page.keyboard.press('Enter')
    }
    await begin()
    await home(page)
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Type a command or a name').waitFor()
    await page.keyboard.type('security')
    await page.keyboard.press('Enter')
    await page.waitForURL(/settings\/security/)
    await page.getByRole('button', { name: 'Set up' }).waitFor()
    await tabTo(page, 'Set up')
    await page.keyboard.press('Enter')
    const secret = await page.getByLabel('Secret for your app').innerText()
    await type('Code', '000000')
    await page.keyboard.press('Enter')
    await says(page, 'wrong')
    await page.keyboard.press('Control+a')
    await page.keyboard.type(code(secret, -1))
    await page.keyboard.press('Enter')
    const codes = (await page.getByLabel('Recovery codes, each good once').innerText()).trim().split(/\s+/)
    assert.ok(codes.length >= 8, `${codes.length} recovery codes`)
    await out()

    await begin()
    await second('123456')
    await page.getByRole('alert').first().waitFor()
    await second(code(secret))
    await home(page)
    await out()

    await begin()
    await second(codes[0])
    await home(page)
    await out()

    await begin()
    await second(codes[0])
    await page.getByRole('alert').first().waitFor()
    await second(codes[1])
    await home(page)
  })
})

test('a second factor by mouse, and taken away again', async () => {
  const secret = await guarded('mouse@shop.example')
  await visit(async page => {
    await enter(page, 'mouse@shop.example')
    await page.getByLabel('Code').fill(code(secret))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await home(page)
    await page.goto(`${page.url().replace(/\/kbs$/, '')}/settings/security`)
    await page.getByLabel('Code').fill(code(secret, 1))
    await page.getByRole('button', { name: 'Turn off' }).click()
    await page.getByRole('button', { name: 'Set up' }).waitFor()
    await leave(page)
    await enter(page, 'mouse@shop.example')
    await home(page)
  })
})

for (const [name, id, email] of [['Google', '2001', 'of.google@shop.example'], ['GitHub', '2002', 'of.github@shop.example']]) {
  test(`with an account of ${name} one is in, and the second time as the same person`, async () => {
    Object.assign(issuer, { id, email, name: 'Grace', verified: true })
    const seen = []
    for (let i = 0; i < 2; i++) {
      await visit(async page => {
        await page.goto('/login')
        await page.getByRole('link', { name: `Continue with ${name}` }).click()
        await page.getByRole('link', { name: 'Agree' }).click()
        await home(page)
        seen.push(new URL(page.url()).pathname)
        await page.goto(`${page.url().replace(/\/kbs$/, '')}/settings/security`)
        await page.getByRole('definition').filter({ hasText: email }).waitFor()
      })
    }
    assert.equal(seen[0], seen[1])
  })
}

test('whoever refuses elsewhere, or comes back with what another browser began, is told so and not in', async () => {
  await visit(async page => {
    await page.goto('/login')
    await page.getByRole('link', { name: 'Continue with Google' }).click()
    await page.getByRole('link', { name: 'Refuse' }).click()
    await says(page, 'was not completed')
  })
  let stolen
  await visit(async page => {
    await page.goto('/login')
    await page.getByRole('link', { name: 'Continue with Google' }).click()
    stolen = await page.getByRole('link', { name: 'Agree' }).getAttribute('href')
  })
  await visit(async page => {
    await page.goto(stolen)
    await says(page, 'was not completed')
    await page.goto('/t/me/kbs')
    await page.getByRole('heading', { name: 'Log in to Kvasir' }).waitFor()
  })
})

test('an account elsewhere does not get around the second factor', async () => {
  const secret = await guarded('both@shop.example')
  Object.assign(issuer, { id: '3001', email: 'both@shop.example', verified: true })
  await visit(async page => {
    await page.goto('/login')
    await page.getByRole('link', { name: 'Continue with Google' }).click()
    await page.getByRole('link', { name: 'Agree' }).click()
    await page.getByRole('heading', { name: 'Second step' }).waitFor()
    await page.getByLabel('Code').fill('000000')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('alert').first().waitFor()
    await page.getByLabel('Code').fill(code(secret))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await home(page)
  })
})

test('the login leads to where one was going, is no place to come back to, and never leads out of the house', async () => {
  const going = `/t/${session.me.tenantId}/settings/security`
  await visit(async page => {
    await page.goto(going)
    await page.waitForURL(/\/login\?next=/)
    await page.getByLabel('Email').fill(EMAIL)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${url}${going}`)
    await page.getByRole('definition').filter({ hasText: EMAIL }).waitFor()
    await page.goBack()
    assert.ok(!page.url().includes('/login'), page.url())
  })
  for (const away of ['https://evil.example/', '//evil.example/t/x/', '/t/x', 'javascript:alert(1)//t/x/', '/\\evil.example/t/x/']) {
    await visit(async page => {
      await page.goto(`/login?${new URLSearchParams({ next: away })}`)
      await page.getByLabel('Email').fill(EMAIL)
      await page.getByLabel('Password').fill(PASSWORD)
      await page.keyboard.press('Enter')
      await home(page)
      assert.equal(new URL(page.url()).pathname, `/t/${session.me.tenantId}/kbs`, away)
    })
  }
})

test('the login says what is missing, and what became of it', () => visit(async page => {
  let answer = route => route.abort()
  await page.route('**/api/v1/auth/login', route => answer(route))
  await page.goto('/login?email=somebody%40shop.example')
  const [email, password, button] = [page.getByLabel('Email'), page.getByLabel('Password'), page.getByRole('button', { name: 'Log in' })]
  assert.equal(await email.inputValue(), 'somebody@shop.example')
  assert.ok(await password.evaluate(e => e === document.activeElement), 'what is left to enter has the focus')
  await button.click()
  await says(page, 'Enter your password')
  assert.equal(await password.getAttribute('aria-invalid'), 'true')
  assert.equal(await email.getAttribute('aria-invalid'), null)
  await email.fill('')
  await button.click()
  await says(page, 'Enter your email address')
  assert.ok(await email.evaluate(e => e === document.activeElement), 'the first that is missing has the focus')
  for (const [does, told] of [
    [route => route.abort(), 'Check your connection'],
    [route => route.fulfill({ status: 429, headers: { 'Retry-After': '1' }, json: {} }), 'Try again in 1 second.'],
    [route => route.fulfill({ status: 429, headers: { 'Retry-After': '30' }, json: {} }), 'Try again in 30 seconds.'],
    [route => route.fulfill({ status: 403, json: { detail: 'You belong to no tenant at the moment' } }), 'You belong to no tenant'],
    [route => route.fulfill({ status: 500, body: 'not even JSON' }), 'Something went wrong'],
    [route => route.fulfill({ status: 200, body: 'not even JSON' }), 'Something went wrong'],
  ]) {
    answer = does
    await email.fill(EMAIL)
    await password.fill(PASSWORD)
    await page.keyboard.press('Enter')
    await says(page, told)
    assert.equal(await email.getAttribute('aria-invalid'), null)
    assert.equal(await password.inputValue(), '')
  }
  let asked = 0
  answer = async route => {
    asked++
    await new Promise(later => setTimeout(later, 500))
    await route.continue()
  }
  await password.fill(PASSWORD)
  await page.keyboard.press('Enter')
  assert.ok(await button.isDisabled())
  await page.keyboard.press('Enter')
  await home(page)
  assert.equal(asked, 1, 'asked once however often one presses')
}))

test('the login speaks the language that was chosen here, and fetches the dashboard while one types', () => visit(async page => {
  const fetched = []
  page.on('request', request => fetched.push(request.url()))
  await page.addInitScript(() => localStorage.setItem('kvasir.language', 'es'))
  await page.goto('/login/?email=ada%40shop.example')
  await page.getByRole('heading', { name: 'Entrar en Kvasir' }).waitFor()
  assert.equal(await page.getByLabel('Correo electrónico').inputValue(), 'ada@shop.example')
  fetched.length = 0
  await page.goto('/login')
  await page.getByRole('heading', { name: 'Entrar en Kvasir' }).waitFor()
  assert.equal(await page.title(), 'Entrar en Kvasir · Kvasir')
  assert.equal(await page.locator('html').getAttribute('lang'), 'es')
  assert.ok(!fetched.some(address => address.includes('/assets/react-')), 'nothing of the dashboard for whoever only looks')
  const react = page.waitForRequest(/\/assets\/react-/)
  await page.getByLabel('Correo electrónico').pressSequentially('o')
  await react
}))

test('the owner’s own login still works beside all that', () => visit(async page => {
  await enter(page, EMAIL)
  await home(page)
}))
