/** On answers that are valid the parser agrees with Node's own client, however the bytes are cut. */
import { type IncomingMessage, request } from 'node:http'
import { Duplex } from 'node:stream'
import t from 'tap'
import { type ParsedAnswer, parseAnswer } from '../../support/parse-answer.ts'
import { fc } from '../../support/property.ts'

const TOKEN = [...'!#$%&*+-.^_|~09azAZ']
const VALUE = [...'\t !"#,:;=?@[]{}~azAZ09\x80\xa0\xe4\xff']

const text = (alphabet: readonly string[], maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), maxLength })

const trimmed = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '')

const field = fc.tuple(
  // The first letter keeps the names away from those that mean something for the framing.
  text(TOKEN, 12).map((name) => `Q${name}`),
  text(VALUE, 20).map(trimmed),
  fc.constantFrom('', ' ', '\t ', '   '),
)

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'))

const line = ([name, value, blank]: readonly [string, string, string]): string =>
  `${name}:${blank}${value}${blank}\r\n`

const extension = fc.constantFrom('', ';a', ';a=b', ';a="b c"', ' ;q')

const chunkedBody = fc
  .tuple(fc.array(fc.tuple(bytes, extension), { maxLength: 5 }), fc.array(field, { maxLength: 2 }))
  .map(([chunks, trailers]) => {
    const filled = chunks.filter(([data]) => data.length > 0)
    const parts = filled.map(
      ([data, ext]) => `${data.length.toString(16)}${ext.trimStart()}\r\n${data}\r\n`,
    )
    return `Transfer-Encoding: chunked\r\n\r\n${parts.join('')}0\r\n${trailers.map(line).join('')}\r\n`
  })

const framedBody = fc.oneof(
  bytes.map((data) => `Content-Length: ${data.length}\r\n\r\n${data}`),
  chunkedBody,
  bytes.map((data) => `\r\n${data}`),
)

const valid = fc.record({
  status: fc.constantFrom(200, 203, 299, 302, 401, 404, 500, 599),
  reason: text(VALUE, 12).map(trimmed),
  fields: fc.array(field, { maxLength: 6 }),
  rest: framedBody,
})

const answerOf = (a: {
  readonly status: number
  readonly reason: string
  readonly fields: readonly (readonly [string, string, string])[]
  readonly rest: string
}): string => `HTTP/1.1 ${a.status} ${a.reason}\r\n${a.fields.map(line).join('')}${a.rest}`

/** Cuts at random places, single bytes included. */
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 })

function piecesOf(answer: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places)].sort((a, b) => a - b).filter((at) => at < answer.length)
  return [0, ...sorted]
    .map((at, index) => answer.slice(at, sorted[index] ?? answer.length))
    .filter((piece) => piece !== '')
}

t.test('an answer is read the same in whatever pieces it comes', async () => {
  fc.assert(
    fc.property(valid, cuts, (parts, places) => {
      const answer = answerOf(parts)
      const whole = parseAnswer({ pieces: [answer], ends: true })
      const cut = parseAnswer({ pieces: piecesOf(answer, places), ends: true })
      t.strictSame(cut, whole)
      return whole.trailers !== undefined && whole.wrong === undefined
    }),
  )
})

t.test('arbitrary bytes are read the same in whatever pieces they come', async () => {
  const noise = fc.array(
    fc.constantFrom('\r\n', '\r', '\n', ':', ' ', '0', '5', ';', 'HTTP/1.1 200 OK\r\n', 'A', '\0'),
    { maxLength: 30 },
  )
  const start = fc.constantFrom(
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
  )
  fc.assert(
    fc.property(start, noise, cuts, (head, tail, places) => {
      const answer = head + tail.join('')
      const whole = parseAnswer({ pieces: [answer], ends: true })
      const cut = parseAnswer({ pieces: piecesOf(answer, places), ends: true })
      return (
        cut.wrong === whole.wrong &&
        cut.body === whole.body &&
        cut.surplus === whole.surplus &&
        JSON.stringify(cut.trailers) === JSON.stringify(whole.trailers)
      )
    }),
    { numRuns: 500 },
  )
})

t.test("Node's own client reads the same from a valid answer", async () => {
  await fc.assert(
    fc.asyncProperty(valid, async (parts) => {
      const answer = answerOf(parts)
      t.strictSame(
        await readWithNode(answer),
        comparable(parseAnswer({ pieces: [answer], ends: true })),
      )
    }),
    { numRuns: 100 },
  )
})

const comparable = ({ head, body, trailers }: ParsedAnswer) => ({
  status: head?.status,
  reason: head?.reason,
  fields: head?.fields,
  body,
  trailers,
})

/** What Node's client makes of the bytes. */
function readWithNode(answer: string): Promise<ReturnType<typeof comparable>> {
  const wire = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() })
  return new Promise((resolve, reject) => {
    const sent = request({ createConnection: () => wire, maxHeaderSize: 65_536 })
    sent.on('error', reject)
    sent.on('response', (incoming: IncomingMessage) => {
      let body = ''
      incoming.on('data', (data: Buffer) => {
        body += data.toString('latin1')
      })
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode,
          reason: incoming.statusMessage,
          fields: incoming.rawHeaders,
          body,
          trailers: incoming.rawTrailers,
        }),
      )
    })
    sent.end()
    wire.push(Buffer.from(answer, 'latin1'))
    wire.push(null)
  })
}
