// axe over every screen in every state, in two of the six looks; ./dev axe goes through them all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings } from './axe.mjs'
import { owner, startBrowser, startServer } from './server.mjs'

test('axe finds nothing on any screen, wide and light or narrow and dark', async () => {
  const browser = await startBrowser()
  const server = await startServer()
  try {
    const { found } = await findings(browser, server, await owner(server.url), [['light', 1280], ['dark', 320]])
    assert.deepEqual(found, [])
  } finally {
    await browser.close()
    await server.stop()
  }
})
