/** Whatever a client sends: what reaches a server is strictly valid, with one framing, and the proxy lives on. */

import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { fc } from '../support/property.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST } from '../support/refusals.ts'

const WARM_UP = `GET /warm HTTP/1.1\r\n${HOST}\r\n`

const bases = [
  `GET /a?b HTTP/1.1\r\n${HOST}A: b\r\n\r\n`,
  `POST /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n`,
  `GET http://lyncweb.contoso.com/ HTTP/1.0\r\n${HOST}Connection: keep-alive, x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
]

const noise = fc.oneof(
  fc.constantFrom(
    '\r\n',
    '\r',
    '\n',
    '\0',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '\xff',
    '\x7f',
    '\x0b',
    '\r\n\r\n',
  ),
  fc.constantFrom(
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    HOST,
    '0\r\n\r\n',
    '1',
  ),
  fc.constantFrom('Connection: host, content-length\r\n', 'transfer-encoding : x\r\n', ' chunked'),
  fc.constantFrom(
    'GET /smuggled HTTP/1.1\r\n',
    'HTTP/1.1',
    '//',
    '#',
    '\\',
    '%',
    'X_Forwarded_For: 1\r\n',
  ),
)

/** Some places of a request are overwritten or get something put in. */
const mutated = fc
  .tuple(
    fc.array(fc.constantFrom(...bases), { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(400), fc.nat(3), noise), { maxLength: 4 }),
  )
  .map(([requests, changes]) =>
    changes.reduce((bytes, [at, dropped, put]) => {
      const place = at % bytes.length
      return bytes.slice(0, place) + put + bytes.slice(place + dropped)
    }, requests.join('')),
  )

t.test('mutated requests', { timeout: 60_000 }, async (t) => {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  let seen = 0
  await fc.assert(
    fc.asyncProperty(mutated, async (bytes) => {
      const client = await openRawClient(t, { port: proxy.httpPort })
      // The connection to the server stands already, so that what is accepted is written at once.
      client.send(WARM_UP)
      await client.until((text) => text.endsWith('ok'))
      client.send(bytes)
      client.socket.end()
      await client.closed()
      for (const { text } of backend.connections.slice(seen)) {
        const wrong = firstFault(text)
        if (wrong !== undefined) throw new Error(`${wrong}: ${JSON.stringify(text)}`)
      }
      seen = Math.max(0, backend.connections.length - 1)
    }),
    { numRuns: 300 },
  )
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(WARM_UP)
  t.match(await client.until((text) => text.endsWith('ok')), /^HTTP\/1\.1 200 OK/, 'still alive')
  t.notMatch(JSON.stringify(proxy.lines), '"msg":"fault"')
})

const REQUEST_LINE = /^[A-Z-]+ \/[^\0- \x7f]* HTTP\/1\.1$/
const FIELD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*$/

/** Reads what a server got as strictly as can be. Undefined: nothing is wrong, though the end may be missing. */
function firstFault(recorded: string): string | undefined {
  let rest = recorded
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return rest.length > 4096 ? 'an endless head' : undefined
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n')
    if (!REQUEST_LINE.test(line)) return `request line ${JSON.stringify(line)}`
    const odd = fields.find((field) => !FIELD.test(field))
    if (odd !== undefined) return `field ${JSON.stringify(odd)}`
    const values = (name: string): string[] =>
      fields.filter((field) => field.toLowerCase().startsWith(`${name}: `))
    const lengths = values('content-length')
    const codings = values('transfer-encoding')
    if (values('host').length !== 1) return 'not one Host'
    if (values('x-forwarded-for').join() !== 'X-Forwarded-For: 127.0.0.1') return 'X-Forwarded-For'
    if (lengths.length + codings.length > 1) return 'two framings'
    const body = rest.slice(end + 4)
    if (codings.length === 1) {
      if (codings[0] !== 'Transfer-Encoding: chunked') return 'another coding'
      const match = /^(?:([0-9a-f]+)\r\n|0\r\n(?:[^\r\n]+\r\n)*\r\n)/
      let chunks = body
      for (;;) {
        const last = /^0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(chunks)
        if (last) {
          rest = chunks.slice(last[0].length)
          break
        }
        const size = match.exec(chunks)
        if (!size) return /^(?:[0-9a-f]*|0\r\n[\s\S]*)$/.test(chunks) ? undefined : 'a bad chunk'
        const next = (size[0] ?? '').length + Number.parseInt(size[1] ?? '0', 16)
        if (chunks.length < next + 2) return undefined
        if (chunks.slice(next, next + 2) !== '\r\n') return 'a chunk that does not end'
        chunks = chunks.slice(next + 2)
      }
    } else {
      const [, digits = '0'] = /^[^:]+: ([0-9]+)$/.exec(lengths[0] ?? '') ?? []
      rest = body.slice(Number(digits))
    }
  }
  return undefined
}
