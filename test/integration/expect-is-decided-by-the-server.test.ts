/** RFC 9110 10.1.1: `Expect: 100-continue` goes end to end; the proxy itself never says 100. */
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const EXPECTING = `POST / HTTP/1.1\r\n${HOST}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

t.test('the 100 of the server is passed on, then the body goes through', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    socket.write(text.endsWith('body') ? OK : 'HTTP/1.1 100 Continue\r\n\r\n')
  })
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(EXPECTING)
  t.equal(await client.until((got) => got.endsWith('\r\n\r\n')), 'HTTP/1.1 100 Continue\r\n\r\n')
  client.send('body')
  await client.until((got) => got.includes('200 OK'))
  t.match((await backend.connection(0)).text, /\r\nExpect: 100-continue\r\n/)
})

for (const status of ['413 Too Large', '401 Unauthorized', '417 Expectation Failed']) {
  t.test(`${status} instead of a 100`, async (t) => {
    const backend = await startRecordingBackend(t, (socket) =>
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`),
    )
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(EXPECTING)
    const text = await client.until((got) => got.endsWith('\r\n\r\n'))
    t.match(text, new RegExp(`^HTTP/1\\.1 ${status}\r\n`), 'and nothing before it')
  })
}

t.test('other informational answers are passed on too, but never to HTTP/1.0', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write(
      `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`,
    ),
  )
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
  t.match(
    await client.until((got) => got.includes('200 OK')),
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK/,
  )
  const old = await openRawClient(t, { port: proxy.httpPort })
  old.send(`GET / HTTP/1.0\r\n${HOST}\r\n\r\n`)
  t.match(await old.closed(), /^HTTP\/1\.1 200 OK/)
})

t.test('a client that waits for a 100 is not blamed for its silence', async (t) => {
  const backend = await startRecordingBackend(t)
  const top = 'timeouts: { requestBody: 1s, response: 2s }'
  const proxy = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(EXPECTING)
  t.match(await client.until((got) => got.endsWith('\n')), /^HTTP\/1\.1 504 /)
})
