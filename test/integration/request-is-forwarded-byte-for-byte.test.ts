/** Promise 2: the request target and the fields reach the server as the client wrote them. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const EMPTY_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

t.test('targets that a URL parser would change go through unchanged', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(EMPTY_ANSWER)
  })
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  const targets = [
    '/a%zz/%25%32%66',
    '//double//slash/../dots/./x',
    '/root/user?originalDomain=contoso.com?sipuri=alice@contoso.com',
    '/m/?WopiSrc=https%3A%2F%2Fx&<fs=FULLSCREEN&>',
    "/it's/%2e%2e/\\back",
    `/${'k'.repeat(60_000)}`,
  ]
  for (const [index, target] of targets.entries()) {
    client.send(
      `GET ${target} HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nX-Odd-CASE: a\r\nx-odd-case:  b \r\n\r\n`,
    )
    await client.until((text) => text.split('200 OK').length === index + 2)
  }
  const { text } = await backend.connection(0)
  const heads = text.split('\r\n\r\n').slice(0, -1)
  t.same(
    heads.map((head) => head.split(' HTTP/1.1')[0]),
    targets.map((target) => `GET ${target}`),
  )
  t.match(heads[0], /\r\nX-Odd-CASE: a\r\nx-odd-case: b\r\n/)
  t.equal(backend.connections.length, 1, 'one client connection has one connection to the server')
})
