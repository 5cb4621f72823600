/** limits.head and limits.fields: what is too large is refused whole, never shortened (CVE-2026-58044). */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST, refuseEach } from '../support/refusals.ts'

const GET = `GET / HTTP/1.1\r\n${HOST}`
const fields = (count: number): string => 'a:b\r\n'.repeat(count)

t.test('heads that are too large', (t) =>
  refuseEach(
    t,
    [
      { what: 'one field of 64 KiB', bytes: `${GET}A: ${'x'.repeat(65_536)}\r\n\r\n` },
      { what: 'one name of 64 KiB', bytes: `${GET}${'x'.repeat(65_536)}: a\r\n\r\n` },
      { what: 'a target of 64 KiB', bytes: `GET /${'x'.repeat(65_536)} HTTP/1.1\r\n${HOST}\r\n` },
      {
        what: 'many fields of 1 KiB',
        bytes: `${GET}${`A: ${'x'.repeat(1000)}\r\n`.repeat(70)}\r\n`,
      },
      { what: '201 fields', bytes: `${GET}${fields(200)}\r\n` },
      {
        what: '2050 fields, then a length',
        bytes: `POST / HTTP/1.1\r\n${HOST}${fields(2050)}Content-Length: 60\r\n\r\n`,
      },
      {
        what: '2050 fields, then chunks',
        bytes: `POST / HTTP/1.1\r\n${HOST}${fields(2050)}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      },
    ].map((refusal) => ({ ...refusal, status: 431 })),
  ),
)

t.test('what is inside the limits goes through whole', async (t) => {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`${GET}${fields(199)}\r\n`)
  await client.until((text) => text.split('200 OK').length === 2)
  // A Kerberos ticket of 48,000 bytes in Base64 (lync-requirements, 1.4).
  client.send(`${GET}Authorization: Basic ${'x'.repeat(64_000)}\r\n\r\n`)
  await client.until((text) => text.split('200 OK').length === 3)
  const { text } = await backend.connection(0)
  t.equal(text.split('\r\na: b').length, 200)
  t.match(text, `\r\nAuthorization: Basic ${'x'.repeat(64_000)}\r\n`)
})

t.test('the refusal arrives although the client goes on sending, and is logged once', async (t) => {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  const errors: Error[] = []
  client.socket.on('error', (error) => errors.push(error))
  client.send(GET)
  for (let sent = 0; sent < 40; sent++) {
    await new Promise((resolve) => client.socket.write(`A: ${'x'.repeat(20_000)}\r\n`, resolve))
  }
  client.send('\r\n')
  await client.until((text) => text.endsWith('too large.\n'))
  client.socket.end()
  t.match(await client.closed(), /^HTTP\/1\.1 431 /)
  t.same(errors, [], 'no reset')
  t.equal(proxy.lines.filter(({ outcome }) => outcome === 'client-head-too-large').length, 1)
  t.equal(backend.connections.length, 0)
})
