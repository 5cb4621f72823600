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
