/** RFC 9110 15.2: 1xx answers go through to HTTP/1.1 clients as they come, and never to HTTP/1.0 clients. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'

const HINTS =
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nlink: </b.js>\r\nKeep-Alive: x\r\nContent-Length: 5\r\n\r\n'
const PASSED_HINTS =
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nlink: </b.js>\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test('100 comes from the server, before the body is sent', async (t) => {
  const backend = await startRecordingBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`)
  const recorded = await backend.connection(0)
  const head = await recorded.until((text) => text.endsWith('\r\n\r\n'))
  t.match(head, /\r\nExpect: 100-continue\r\n/)
  t.equal(client.text, '', 'the proxy does not promise anything itself')
  recorded.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n')
  client.send('hello')
  await recorded.until((text) => text.endsWith('hello'))
  recorded.socket.write(ANSWER)
  t.equal(
    await client.until((text) => text.endsWith('ok')),
    `HTTP/1.1 100 Continue\r\n\r\n${ANSWER}`,
  )
})

t.test('103 comes before the answer, with its fields', async (t) => {
  const backend = await startRecordingBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`)
  const recorded = await backend.connection(0)
  await recorded.until((text) => text.endsWith('\r\n\r\n'))
  recorded.socket.write(HINTS)
  await client.until((text) => text === PASSED_HINTS)
  recorded.socket.write(HINTS + ANSWER)
  t.equal(await client.until((text) => text.endsWith('ok')), PASSED_HINTS + PASSED_HINTS + ANSWER)
})

t.test('an HTTP/1.0 client gets none, and its Expect goes nowhere', async (t) => {
  const backend = await startRecordingBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.0\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`)
  const recorded = await backend.connection(0)
  const request = await recorded.until((text) => text.endsWith('hi'))
  t.notMatch(request, /expect/i)
  recorded.socket.write(`HTTP/1.1 100 Continue\r\n\r\n${HINTS}${ANSWER}`)
  t.match(await client.closed(), /^HTTP\/1\.1 200 OK\r\n/)
})
