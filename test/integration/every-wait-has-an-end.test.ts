/** The time-outs of the file: each ends what it is for, and says so. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
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

t.test('limits.minRate: a body that drips', async (t) => {
  const backend = await startRecordingBackend(t)
  const top = 'timeouts: { requestBody: 1s }\nlimits: { minRate: 100 }'
  const { httpPort, line } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 1000000\r\n\r\n`)
  const drip = setInterval(() => client.send('x'), 100)
  t.teardown(() => clearInterval(drip))
  t.match(await client.until((got) => got.endsWith('\n')), /^HTTP\/1\.1 408 /)
  clearInterval(drip)
  t.match(await line(({ status }) => status === 408), { outcome: 'client-body-timeout' })
  await t.rejects((await backend.connection(0)).until(() => false))
})

t.test('limits.minRate: a body that comes in time, with pauses', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('end')) socket.write(OK)
  })
  const top = 'timeouts: { requestBody: 2s }\nlimits: { minRate: 100 }'
  const { httpPort } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 4000\r\n\r\n`)
  for (let n = 0; n < 4; n++) {
    client.send(n < 3 ? 'x'.repeat(1_000) : `${'x'.repeat(997)}end`)
    await sleep(1_200) // the time itself is what is tested
  }
  t.match(await client.until((got) => got.endsWith('\r\n\r\n')), /^HTTP\/1\.1 200 /)
})

t.test('a server that does not take the body is not the fault of the client', async (t) => {
  const backend = await startRecordingBackend(t)
  const top = 'timeouts: { requestBody: 1s, response: 4s }\nlimits: { minRate: 1000 }'
  const { httpPort, line } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000000\r\n\r\n`)
  const { socket } = await backend.connection(0)
  socket.pause()
  client.send(Buffer.alloc(100_000_000))
  t.match(await line(({ status }) => status === 504), { outcome: 'backend-response-timeout' })
})

const LONG = Buffer.alloc(64 * 1024 * 1024)

for (const over of ['http', 'https'] as const) {
  t.test(`timeouts.clientRead: a client that reads in drips, over ${over}`, async (t) => {
    const authority = await createAuthority('Test Root')
    const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
    const backend = await startRecordingBackend(
      t,
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LONG.length}\r\n\r\n`)
        socket.write(LONG)
      },
      over === 'https' ? certificate : undefined,
    )
    // More than a drip from the kernel's buffers, less than what is asked for.
    const top = 'timeouts: { clientRead: 1s }\nlimits: { minRate: 1000000 }'
    const { httpPort, httpsPort, ca, line } = await startTestProxy(t, {
      servers: [backend],
      authority,
      top,
    })
    const tls = { serverName: 'lyncweb.contoso.com', ca }
    const client = await openRawClient(
      t,
      over === 'http' ? { port: httpPort } : { port: httpsPort, tls },
    )
    client.send(GET)
    await client.until((got) => got.includes('200 OK'))
    client.socket.pause()
    const drip = setInterval(() => client.socket.read(1_000), 200)
    t.teardown(() => clearInterval(drip))
    const { outcome } = await line(({ status }) => status === 200)
    t.equal(outcome, 'client-read-timeout')
    await t.rejects(
      (await backend.connection(0)).until(() => false),
      'the server is told',
    )
  })
}

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
