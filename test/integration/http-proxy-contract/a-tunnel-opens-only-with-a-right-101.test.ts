/** RFC 6455 4.1: a server that answers wrongly has not understood that a tunnel begins. */
import t from 'tap'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { switching, upgradeRequest } from '../../support/upgrade.ts'

const wrong: Readonly<Record<string, string>> = {
  'a wrong Sec-WebSocket-Accept': switching().replace(
    /Accept: [^\r]+/,
    'Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  ),
  'no Sec-WebSocket-Accept': switching().replace(/\r\nSec-WebSocket-Accept: [^\r]+/, ''),
  'a 101 for h2c': switching().replace('Upgrade: websocket', 'Upgrade: h2c'),
  'a 101 without Upgrade': switching().replace('Upgrade: websocket\r\n', ''),
  'something that is not HTTP': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
  'a field with a NUL': switching('X-Bad: a\0b'),
}

for (const [what, answer] of Object.entries(wrong)) {
  t.test(what, async (t) => {
    const backend = await startRecordingBackend(t, (socket) => socket.write(`${answer}secret`))
    const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    client.send(upgradeRequest())
    const text = await client.closed()
    t.match(text, /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: /)
    t.notMatch(text, /secret/)
    t.match(await line(({ status }) => status === 503), { outcome: 'backend-answer-malformed' })
    await t.rejects((await backend.connection(0)).until(() => false))
  })
}

for (const how of ['end', 'resetAndDestroy', 'half a head'] as const) {
  t.test(`a server that dies before its answer (${how})`, async (t) => {
    const backend = await startRecordingBackend(t, (socket) => {
      if (how === 'half a head') socket.end('HTTP/1.1 101 Swi')
      else socket[how]()
    })
    const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    client.send(upgradeRequest())
    t.match(await client.closed(), /^HTTP\/1\.1 503 /)
    t.match(await line(({ status }) => status === 503), { outcome: /^backend-/ })
    t.equal(backend.connections.length, 1, 'no second try')
  })
}

t.test('no server at all', async (t) => {
  const { httpPort, line } = await startTestProxy(t, { servers: [{ httpPort: 9 }] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(upgradeRequest())
  t.match(await client.closed(), /^HTTP\/1\.1 503 /)
  await line(({ outcome }) => outcome === 'backend-unreachable')
})

t.test('a server that is silent: 504', async (t) => {
  const backend = await startRecordingBackend(t)
  const top = 'timeouts: { response: 1s }'
  const { httpPort, line } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(upgradeRequest())
  t.match(await client.closed(), /^HTTP\/1\.1 504 /)
  await line(({ outcome }) => outcome === 'backend-response-timeout')
})
