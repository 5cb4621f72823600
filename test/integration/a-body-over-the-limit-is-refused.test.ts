/** limits.body: 413, readable while the client still sends, and nothing beyond the limit reaches the server. */
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const LIMIT = 64 * 1024
const top = 'limits: { body: 64KiB }'

for (const over of ['http', 'https'] as const) {
  t.test(
    `an announced length is refused before any connection is opened, over ${over}`,
    async (t) => {
      const backend = await startRecordingBackend(t)
      const proxy = await startTestProxy(t, { servers: [backend], top })
      const { ca, httpPort, httpsPort } = proxy
      const client = await openRawClient(
        t,
        over === 'http'
          ? { port: httpPort }
          : { port: httpsPort, tls: { serverName: 'lyncweb.contoso.com', ca } },
      )
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 20000000\r\n\r\n`)
      client.send(Buffer.alloc(10_000_000))
      const text = await client.until((got) => got.includes('too large'))
      t.match(text, /^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/)
      client.send(Buffer.alloc(10_000_000))
      t.match(await client.closed(), /too large\.\n$/, 'nothing follows the answer')
      t.equal(backend.connections.length, 0)
      t.match(await proxy.line((line) => line.status === 413), { outcome: 'client-body-too-large' })
    },
  )
}

t.test('exactly the limit passes', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.length > LIMIT) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  const proxy = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${LIMIT}\r\n\r\n`)
  client.send(Buffer.alloc(LIMIT, 'x'))
  await client.until((got) => got.includes('200 OK'))
})

t.test('chunks beyond the limit never reach the server', async (t) => {
  const backend = await startRecordingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const connection = await backend.connection(0)
  client.send(`1000\r\n${'a'.repeat(0x1000)}\r\n`)
  await connection.until((text) => text.includes('aaa'))
  for (let n = 0; n < 32; n++) client.send(`1000\r\n${'b'.repeat(0x1000)}\r\n`)
  await client.until((got) => got.includes('too large'))
  // The client goes on for a while without losing the answer, not even by something malformed.
  client.send(`1000\r\n${'c'.repeat(0x1000)}\r\n`)
  client.send('no chunk at all\r\n')
  client.send('nor this\r\n')
  t.match(await client.closed(), /^HTTP\/1\.1 413 [\s\S]*too large\.\n$/)
  await t.rejects(
    connection.until(() => false),
    'the connection to the server is closed',
  )
  t.ok((connection.text.match(/[abc]/g)?.length ?? 0) <= LIMIT + 1000)
  t.notMatch(connection.text, /c{100}/)
})
