/** http-proxy writes "Transfer-Encoding: chunked" above a body without chunks; we do not. */
import t from 'tap'
import { connectThrough } from '../../support/lab-proxy.ts'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { upgradeRequest } from '../../support/upgrade.ts'

const BODY = 'x'.repeat(300_000)
const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
const answers: Readonly<Record<string, string>> = {
  'a length': `HTTP/1.1 403 Forbidden\r\nX-Odd-CASE: 1\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  chunks: `HTTP/1.1 403 Forbidden\r\nX-Odd-CASE: 1\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
  'the end of the connection': `HTTP/1.1 403 Forbidden\r\nX-Odd-CASE: 1\r\n\r\n${BODY}`,
}

for (const [framing, answer] of Object.entries(answers)) {
  t.test(`403 delimited by ${framing}`, async (t) => {
    const backend = await startRecordingBackend(t, (socket) => {
      if (framing.startsWith('the end')) socket.end(answer)
      else socket.write(answer)
    })
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await connectThrough(t, proxy, 'http')
    client.send(upgradeRequest())
    const got = await client.read()
    t.equal(got.status, 403)
    t.equal(got.body.toString(), BODY)
    t.equal(got.header('connection'), 'close')
    t.same(got.headers[0], ['X-Odd-CASE', '1'])
    t.match(got.header('set-cookie'), /^MS-WSMAN=/)
    await client.closed
    t.match(await proxy.line(({ status }) => status === 403), { outcome: 'done' })
  })
}

t.test('401 with two offers and chunks', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write(
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndenied\r\n0\r\n\r\n',
    ),
  )
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await connectThrough(t, proxy, 'http')
  client.send(upgradeRequest())
  const got = await client.read()
  t.same(got.all('www-authenticate'), ['Negotiate', 'NTLM'])
  t.equal(got.body.toString(), 'denied')
})

for (const [framing, answer] of Object.entries(answers)) {
  if (framing.startsWith('the end')) continue
  t.test(`one that breaks off inside ${framing} does not look whole`, async (t) => {
    const backend = await startRecordingBackend(t, (socket) => socket.end(answer.slice(0, 1_000)))
    const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    client.send(upgradeRequest())
    const text = await client.closed()
    t.match(text, /^HTTP\/1\.1 403 /)
    t.notMatch(text, /\r\n0\r\n\r\n/)
    await line(({ outcome }) => outcome === 'backend-broke-off')
  })
}

t.test('204 and 304 have no body', async (t) => {
  for (const status of ['204 No Content', '304 Not Modified']) {
    const backend = await startRecordingBackend(t, (socket) =>
      socket.write(`HTTP/1.1 ${status}\r\n\r\n`),
    )
    const { httpPort } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    client.send(upgradeRequest())
    t.match(await client.closed(), new RegExp(`^HTTP/1\\.1 ${status}\r\n[^\0]*\r\n\r\n$`))
  }
})

t.test('a client that leaves in mid-refusal ends the server connection', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nhalf'),
  )
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(upgradeRequest())
  await client.until((got) => got.endsWith('half'))
  client.socket.destroy()
  await t.rejects((await backend.connection(0)).until(() => false))
})
