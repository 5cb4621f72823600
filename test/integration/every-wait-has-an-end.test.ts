/** The time-outs of the file: each ends what it is for, and says so. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const GET = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`

t.test('timeouts.response: a server that does not answer', async (t) => {
  const backend = await startRecordingBackend(t)
  const top = 'timeouts: { response: 1s }'
  const { httpPort, line } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(GET)
  t.match(await client.until((got) => got.endsWith('\n')), /^HTTP\/1\.1 504 /)
  await t.rejects((await backend.connection(0)).until(() => false))
  t.match(await line(({ status }) => status === 504), { outcome: 'backend-response-timeout' })
})

t.test('timeouts.response: an answer that stalls is cut', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
  )
  const top = 'timeouts: { response: 1s }'
  const { httpPort, line } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(GET)
  t.match(await client.closed(), /half$/)
  t.match(await line(({ status }) => status === 200), { outcome: 'backend-stalled' })
})

t.test('timeouts.requestBody: a body that stops coming', async (t) => {
  const backend = await startRecordingBackend(t)
  const top = 'timeouts: { requestBody: 1s }'
  const { httpPort, line } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\nhalf`)
  t.match(await client.closed(), /^HTTP\/1\.1 408 [\s\S]*\r\nConnection: close\r\n/)
  t.match(await line(({ status }) => status === 408), { outcome: 'client-body-timeout' })
  await t.rejects((await backend.connection(0)).until(() => false))
})

t.test('a slow client is not the fault of the server', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('whole')) socket.write(OK)
  })
  const top = 'timeouts: { response: 1s, requestBody: 10s }'
  const { httpPort } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\nthe `)
  await sleep(1_500) // longer than the response time-out: the time itself is what is tested
  client.send(' whole')
  t.match(await client.until((got) => got.endsWith('\r\n\r\n')), /^HTTP\/1\.1 200 /)
})

t.test('timeouts.requestHead', async (t) => {
  const { httpPort, line, lines } = await startTestProxy(t, {
    top: 'timeouts: { requestHead: 1s }',
  })
  t.test('a head that does not end: 408', async (t) => {
    const client = await openRawClient(t, { port: httpPort })
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`)
    t.match(await client.closed(), /^HTTP\/1\.1 408 [\s\S]*\r\nX-Lyncgate-Request-Id: /)
    await line(({ outcome }) => outcome === 'client-head-timeout')
  })
  t.test('a connection without a byte: closed without a word', async (t) => {
    const before = lines.length
    const client = await openRawClient(t, { port: httpPort })
    t.equal(await client.closed(), '')
    t.equal(lines.length, before)
  })
})

t.test('timeouts.keepAlive: an idle connection is closed', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(OK))
  const top = 'timeouts: { keepAlive: 1s }'
  const { httpPort } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(GET)
  t.match(await client.closed(), /^HTTP\/1\.1 200 /)
  await t.rejects((await backend.connection(0)).until(() => false))
})

t.test('timeouts.handshake: a TLS client that says nothing', async (t) => {
  const { httpsPort, line } = await startTestProxy(t, { top: 'timeouts: { handshake: 1s }' })
  const client = await openRawClient(t, { port: httpsPort })
  await client.closed()
  await line(({ msg }) => msg === 'handshake failed')
})
