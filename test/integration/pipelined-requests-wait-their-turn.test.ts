/** One request at a time: what a client sends ahead reaches a server only after the answer before it. */
import t, { type Test } from 'tap'
import { ANSWER, splitRequests, startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`

/** A proxy, and a client whose first request waits at the server for its answer. */
async function startWithOneWaiting(t: Test) {
  const backend = await startRecordingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(get('/first'))
  const recorded = await backend.connection(0)
  await recorded.until((text) => text.endsWith('\r\n\r\n'))
  return { proxy, client, recorded }
}

t.test('the second of two reaches the server only after the answer to the first', async (t) => {
  const backend = await startRecordingBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(get('/first') + post('/second', 'body of the second') + get('/third'))
  const recorded = await backend.connection(0)
  await recorded.until((text) => text.endsWith('\r\n\r\n'))
  // Another client goes all the way meanwhile: the proxy has had every chance to send more.
  const other = await openRawClient(t, { port: httpPort })
  other.send(get('/other'))
  await (await backend.connection(1)).until((text) => text.endsWith('\r\n\r\n'))
  t.equal(splitRequests(recorded.text).length, 1, 'only the first')
  recorded.socket.write(ANSWER)
  await recorded.until((text) => text.includes('body of the second'))
  t.equal(splitRequests(recorded.text).length, 2, 'now the second, whole, and not the third')
  recorded.socket.write(ANSWER.replace('200 OK', '201 Created'))
  await recorded.until((text) => text.includes('/third'))
  recorded.socket.write(ANSWER.replace('200 OK', '202 Accepted'))
  const text = await client.until((bytes) => bytes.includes('202 Accepted'))
  t.match(text, /200 OK.*201 Created.*202 Accepted/s, 'the answers come in order')
  t.equal(backend.connections.length, 2)
})

t.test('an answer that was there before its request is not passed on', async (t) => {
  const forged = 'HTTP/1.1 201 Forged\r\nContent-Length: 6\r\n\r\nforged'
  const backend = await startAnsweringBackend(t, ANSWER + forged)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(get('/first') + get('/second'))
  const text = await client
    .until((bytes) => bytes.split('HTTP/1.1').length === 3)
    .catch(() => client.text)
  t.match(text, /^HTTP\/1\.1 200 OK/)
  t.notMatch(text, /forged/i)
})

t.test(
  'noise behind a good request: the good one is answered, then comes the refusal',
  async (t) => {
    for (const noise of ['\0\0\r\n\r\n', 'GET / HTTP/1.1\r\nA : b\r\n\r\n', 'x'.repeat(100_000)]) {
      const backend = await startRecordingBackend(t)
      const { httpPort } = await startTestProxy(t, { servers: [backend] })
      const client = await openRawClient(t, { port: httpPort })
      client.send(get('/good') + noise)
      const recorded = await backend.connection(0)
      await recorded.until((text) => text.endsWith('\r\n\r\n'))
      recorded.socket.write(ANSWER)
      const text = await client.closed()
      t.match(text, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nokHTTP\/1\.1 4(?:00|31) /s)
      t.equal(splitRequests(recorded.text).length, 1)
      t.equal(backend.connections.length, 1)
    }
  },
)

t.test('a refused request in a row ends it: what follows is not executed', async (t) => {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  const bad = 'GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
  client.send(get('/good') + bad + get('/smuggled'))
  const text = await client.closed()
  t.match(text, /^HTTP\/1\.1 200 OK.*HTTP\/1\.1 400 Bad Request/s)
  t.equal(text.split('HTTP/1.1').length, 3)
  t.notMatch((await backend.connection(0)).text, 'smuggled')
})

t.test('a client that sends very many ahead is cut off', async (t) => {
  const { proxy, client, recorded } = await startWithOneWaiting(t)
  client.send(get('/ahead').repeat(3000))
  t.equal(await client.closed(), '')
  t.equal(splitRequests(recorded.text).length, 1)
  t.match(await proxy.line((line) => line.target === '/first'), { outcome: 'client-left' })
  const said = proxy.lines.filter(({ msg }) => msg === 'connection cut: too many requests ahead')
  t.equal(said.length, 1, 'although many of them came in one read')
})

t.test('a body behind HTTP/1.0 without keep-alive is not another request', async (t) => {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`GET /a HTTP/1.0\r\n${HOST}\r\n${get('/smuggled')}`)
  t.equal((await client.closed()).split('HTTP/1.1').length, 2)
  t.notMatch((await backend.connection(0)).text, 'smuggled')
})

t.test('behind Connection: close nothing is executed', async (t) => {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`GET /a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n${get('/smuggled')}`)
  const text = await client.closed()
  t.equal(text.split('HTTP/1.1').length, 2)
  t.match(text, /\r\nConnection: close\r\n/i)
  t.notMatch((await backend.connection(0)).text, 'smuggled')
})

t.test('nor does one make much wait by the bodies of what it sends ahead', async (t) => {
  const { proxy, client, recorded } = await startWithOneWaiting(t)
  client.send(post('/ahead', 'x'.repeat(40_000)).repeat(4))
  t.equal(await client.closed(), '')
  t.equal(splitRequests(recorded.text).length, 1)
  t.match(await proxy.line((line) => line.target === '/first'), { outcome: 'client-left' })
  t.ok(proxy.lines.some(({ msg }) => msg === 'connection cut: too many requests ahead'))
})

t.test('a large body that was sent ahead waits for its turn', async (t) => {
  const backend = await startRecordingBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  const body = Array.from({ length: 30_000 }, (_, i) => `line ${i}\n`).join('')
  client.send(get('/first') + post('/large', body))
  const recorded = await backend.connection(0)
  await recorded.until((text) => text.endsWith('\r\n\r\n'))
  recorded.socket.write(ANSWER)
  await recorded.until((text) => text.endsWith(body))
  recorded.socket.write(ANSWER.replace('200 OK', '201 Created'))
  t.match(await client.until((text) => text.includes('201 Created')), /200 OK.*201 Created/s)
})
