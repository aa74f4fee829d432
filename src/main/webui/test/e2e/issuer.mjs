// Those at whom one logs in with an account elsewhere: an OpenID Connect issuer and a GitHub, with a page where one agrees or does not.
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

const CLIENT = { id: 'kvasir', secret: 'a secret between us' }
const base64 = data => Buffer.from(data).toString('base64url')

export async function startIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  /** who stands at the browser */
  const person = { id: '1001', email: 'grace@shop.example', name: 'Grace', verified: true }
  const begun = new Map()
  let address
  const sign = claims => {
    const text = `${base64(JSON.stringify({ alg: 'RS256', kid: 'one' }))}.${base64(JSON.stringify(claims))}`
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`
  }
  const page = query => {
    const back = (more) => `${query.get('redirect_uri')}?${new URLSearchParams({ state: query.get('state'), ...more })}`.replaceAll('&', '&amp;')
    const code = randomBytes(16).toString('hex')
    begun.set(code, { challenge: query.get('code_challenge'), nonce: query.get('nonce'), redirect: query.get('redirect_uri') })
    return `<!doctype html><title>Elsewhere</title><h1>Let Kvasir know who you are?</h1><a href="${back({ code })}">Agree</a> <a href="${back({ error: 'access_denied' })}">Refuse</a>`
  }
  /** The login a code stands for, once, to whoever began it. */
  const trade = (form, secret) => {
    const flow = begun.get(form.get('code'))
    begun.delete(form.get('code'))
    const proved = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
    return flow && secret === CLIENT.secret && flow.challenge === proved && flow.redirect === form.get('redirect_uri') ? flow : null
  }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, address)
    let body = ''
    for await (const part of request) body += part
    const form = new URLSearchParams(body)
    const json = (value, status = 200) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return json({ issuer: address, authorization_endpoint: `${address}/authorize`, token_endpoint: `${address}/token`, jwks_uri: `${address}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] })
      case '/keys':
        return json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }] })
      case '/authorize':
      case '/login/oauth/authorize':
        return response.writeHead(200, { 'Content-Type': 'text/html' }).end(page(searchParams))
      case '/token': {
        const [, secret] = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString().split(':').map(decodeURIComponent)
        const flow = trade(form, secret?.replaceAll('+', ' '))
        const now = Math.floor(Date.now() / 1000)
        return flow
          ? json({ access_token: 'unused', token_type: 'Bearer', expires_in: 300, id_token: sign({ iss: address, aud: CLIENT.id, sub: person.id, iat: now, exp: now + 300, nonce: flow.nonce, email: person.email, email_verified: person.verified, name: person.name }) })
          : json({ error: 'invalid_grant' }, 400)
      }
      case '/login/oauth/access_token':
        return json(trade(form, form.get('client_secret')) ? { access_token: 'of-github', token_type: 'bearer' } : { error: 'bad_verification_code' })
      case '/user':
        return json({ id: Number(person.id), login: 'somebody', name: person.name })
      case '/user/emails':
        return json([{ email: 'old@shop.example', primary: false, verified: true }, { email: person.email, primary: true, verified: person.verified }])
      default:
        return json({}, 404)
    }
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  address = `http://127.0.0.1:${server.address().port}`
  return Object.assign(person, {
    environment: {
      KVASIR_GOOGLE_CLIENT_ID: CLIENT.id, KVASIR_GOOGLE_CLIENT_SECRET: CLIENT.secret, KVASIR_GITHUB_CLIENT_ID: CLIENT.id, KVASIR_GITHUB_CLIENT_SECRET: CLIENT.secret,
      // Where they are is no setting of the environment.
      JAVA_TOOL_OPTIONS: [['google.issuer', address], ['github.issuer', address], ['github.api', address]].map(([name, value]) => `-Dkvasir.identity.oauth.${name}=${value}`).join(' '),
    },
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections() }),
  })
}
