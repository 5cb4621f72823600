/** Anything else that asks for an upgrade would tunnel past routing and policy (h2c: CVE-2026-88008 of another proxy). */
import t from 'tap'
import { HOST } from '../../support/lab-proxy.ts'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { switching, upgradeRequest } from '../../support/upgrade.ts'

const usual = upgradeRequest().replace(/\r\n\r\n$/, '')
const without = (line: RegExp): string => usual.replace(line, '')
const bad: Readonly<Record<string, string>> = {
  h2c: `GET / HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA`,
  'h2c beside websocket': usual.replace('Upgrade: websocket', 'Upgrade: websocket, h2c'),
  'two Upgrade fields': `${usual}\r\nUpgrade: h2c`,
  TLS: usual.replace('Upgrade: websocket', 'Upgrade: TLS/1.2'),
  'POST instead of GET': usual.replace('GET', 'POST'),
  'HTTP/1.0': usual.replace('HTTP/1.1', 'HTTP/1.0'),
  'no key': without(/\r\nSec-WebSocket-Key: [^\r]+/),
  'a short key': usual.replace(/Key: [^\r]+/, 'Key: abc'),
  'two keys': `${usual}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==`,
  'no version': without(/\r\nSec-WebSocket-Version: 13/),
  'another version': usual.replace('Version: 13', 'Version: 8'),
  'Connection without the option': usual.replace('Connection: Upgrade', 'Connection: keep-alive'),
  'an expectation': `${usual}\r\nExpect: 100-continue`,
  'a length': `${usual}\r\nContent-Length: 5`,
  'a length of 0': `${usual}\r\nContent-Length: 0`,
  chunks: `${usual}\r\nTransfer-Encoding: chunked`,
}

for (const [what, head] of Object.entries(bad)) {
  t.test(what, async (t) => {
    const backend = await startRecordingBackend(t)
    const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    client.send(`${head}\r\n\r\n`)
    t.match(await client.closed(), /^HTTP\/1\.1 400 [\s\S]*\r\nX-Lyncgate-Request-Id: /)
    t.equal(backend.connections.length, 0)
    await line(({ outcome }) => outcome === 'client-upgrade-refused')
  })
}

t.test('a well-formed one passes, in any case', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(switching()))
  const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(
    upgradeRequest()
      .replace('Connection: Upgrade', 'connection: keep-alive, UPGRADE')
      .replace('Upgrade: websocket', 'UPGRADE: WebSocket'),
  )
  t.match(await client.until((got) => got.endsWith('\r\n\r\n')), /^HTTP\/1\.1 101 /)
  client.socket.destroy()
  t.match(await line(({ status }) => status === 101), { outcome: 'done' })
})
