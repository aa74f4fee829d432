// A language model that says what a test wants it to say, as slowly as the test wants, and one that embeds: a server of OpenAI's protocol.
import { createServer } from 'node:http'

/** Any two texts have something in common, and the more so the more words they share. */
const vector = text => {
  const numbers = Array.from({ length: 768 }, () => 0)
  numbers[0] = 8
  for (const word of text.toLowerCase().split(/\W+/)) {
    let hash = 7
    for (const c of word) hash = (hash * 31 + c.codePointAt(0)) % 767
    numbers[1 + hash]++
  }
  return numbers
}

async function embed(request, response, held) {
  let body = ''
  for await (const part of request.setEncoding('utf8')) body += part
  const { input } = JSON.parse(body)
  await held
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ object: 'list', data: input.map((text, index) => ({ object: 'embedding', index, embedding: vector(text) })), usage: { prompt_tokens: 1, total_tokens: 1 } }))
}

/** While `held` is a promise that waits, nothing is embedded. */
export async function startModel() {
  const model = { text: 'Nothing yet.', piece: 8, every: 20, held: undefined }
  const server = createServer((request, response) => {
    if (request.url.endsWith('/embeddings')) return void embed(request, response, model.held)
    request.resume()
    if (!request.url.endsWith('/chat/completions')) return response.setHeader('Content-Type', 'application/json').end('{"object":"list","data":[]}')
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const { text, piece, every } = model
    let at = 0
    const say = data => response.write(`data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', model: 'double', ...data })}\n\n`)
    const timer = setInterval(() => {
      if (at < text.length) {
        say({ choices: [{ index: 0, delta: { content: text.slice(at, (at += piece)) } }] })
        return
      }
      clearInterval(timer)
      say({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
      say({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } })
      response.end('data: [DONE]\n\n')
    }, every)
    response.on('close', () => clearInterval(timer))
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  const address = `http://127.0.0.1:${server.address().port}`
  return Object.assign(model, {
    environment: { KVASIR_COMPATIBLE_BASE_URL: `${address}/v1`, KVASIR_COMPATIBLE_API_KEY: 'double' },
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections() }),
  })
}
