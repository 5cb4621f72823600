/** What two readers could take for different answers is refused, however it is cut into pieces. */
import t from 'tap'
import { ResponseParser } from '../../../src/forward/response-parser.ts'
import { parseAnswer } from '../../support/parse-answer.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const withField = (line: string): string => `${OK}${line}\r\n\r\n`
const withLength = (value: string): string => withField(`Content-Length: ${value}`)
const withCoding = (value: string): string => withField(`Transfer-Encoding: ${value}`)

const refused: Readonly<Record<string, readonly string[]>> = {
  'a length that is not one number': [
    ...['+5', '5, 5', '5,5', '0x5', '-1', '5 5', '', '5.0', '1e3', '٣', '9'.repeat(16)].map(
      withLength,
    ),
    `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    `${OK}Content-Length: 5\r\ncontent-length: 6\r\n\r\nhello`,
  ],
  'a coding that is not just chunked': [
    ...['gzip', 'gzip, chunked', 'chunked, chunked', 'chunked;q=1', 'xchunked', '', '"chunked"'],
    ...['identity', 'chunked,', '\x0bchunked', 'chunked\xa0'],
  ].map(withCoding),
  'a 1xx answer in HTTP/1.0': ['HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  'two framings': [
    `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  'a line that does not end in CR LF': [
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n',
    `${OK}A: b\nContent-Length: 0\r\n\r\n`,
    `${OK}A: b\rContent-Length: 0\r\n\r\n`,
    `${OK}A: b\r\r\n\r\n`,
    `${OK}A: b\r\n\rX: 1\r\n\r\n`,
    'HTTP/1.1 200 O\rK\r\n\r\n',
    `\r\n${OK}Content-Length: 0\r\n\r\n`,
  ],
  'a field that is not one': [
    'A : b',
    'A\t: b',
    ' A: b',
    ': b',
    ' : b',
    'no colon',
    'A: b\r\n folded: c',
    'A: b\r\n\tc',
    'A: \0',
    'A: a\0b',
    'A: \x7f',
    'A: \x1b[0m',
    '\xe4: b',
    'A(b): c',
    'A"b: c',
    'A\0: c',
  ].map(withField),
  'a status line that is not one': [
    ...['HTTP/1.1 000 Zero', 'HTTP/1.1 099 Low', 'HTTP/1.1 99 Low', 'HTTP/1.1 600 High'],
    ...['HTTP/1.1 1000 Long', 'HTTP/1.1 2oo OK', 'HTTP/1.1  200 OK', 'HTTP/1.1\t200 OK'],
    ...['HTTP/2.0 200 OK', 'HTTP/2 200 OK', 'HTTP/1.2 200 OK', 'HTTP/0.9 200 OK', 'HTTP/1.10 200'],
    ...['http/1.1 200 OK', 'HTTP/1.1 200OK', 'HTTP/1.1', 'ICY 200 OK', '', 'HTTP/1.1 200 O\0K'],
    ...['HTTP/1.1 +200 OK', 'HTTP/1.1 -200 OK', ' HTTP/1.1 200 OK', 'HTTPS/1.1 200 OK'],
  ].map((line) => `${line}\r\nContent-Length: 0\r\n\r\n`),
  'an upgrade that was not asked for': [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ],
  'a chunk size that is not one': [
    ...['0x5', '-1', '+5', ' 5', '', 'g', '5 5', '5_0', '1'.repeat(14), `${'0'.repeat(14)}5`],
    ...['5\n', '5;a\nb', '5;a\rb', '5\r', '5;\0', '\t5', ';a', '5:a'],
  ].map((size) => `${CHUNKED}${size}\r\nhello\r\n0\r\n\r\n`),
  'a chunk line that ends in LF only': [`${CHUNKED}5\nhello\r\n0\r\n\r\n`],
  'a chunk that does not end in CR LF': ['XY', '\n\n', '\r\r', '\rX', '\n', 'X\r\n', ' \r\n'].map(
    (end) => `${CHUNKED}5\r\nhello${end}0\r\n\r\n`,
  ),
  'a trailer that is not a field': ['A : b', ' b', 'A: b\r\n c', 'A: b\nc', 'A: \0', 'none'].map(
    (line) => `${CHUNKED}0\r\n${line}\r\n\r\n`,
  ),
}

for (const [what, answers] of Object.entries(refused)) {
  t.test(`${what} is refused`, async (t) => {
    for (const bytes of answers) {
      const whole = parseAnswer({ pieces: [bytes], ends: true })
      t.type(whole.wrong, 'string', JSON.stringify(bytes))
      t.equal(whole.trailers, undefined)
      const single = parseAnswer({ pieces: [...bytes], ends: true })
      t.same(single.wrong, whole.wrong, 'byte by byte')
      t.same(single.head, whole.head)
    }
  })
}

const KIB = 1024
const limits: readonly { what: string; inside: string; outside: string }[] = [
  {
    what: 'a head',
    inside: `${OK}A: ${'x'.repeat(256 * KIB - 60)}\r\nContent-Length: 0\r\n\r\n`,
    outside: `${OK}A: ${'x'.repeat(256 * KIB)}\r\nContent-Length: 0\r\n\r\n`,
  },
  {
    what: 'a chunk line',
    inside: `${CHUNKED}5;${'x'.repeat(4096 - 2)}\r\nhello\r\n0\r\n\r\n`,
    outside: `${CHUNKED}5;${'x'.repeat(4096 - 1)}\r\nhello\r\n0\r\n\r\n`,
  },
  {
    what: 'one trailer',
    inside: `${CHUNKED}0\r\nA: ${'x'.repeat(64 * KIB - 3)}\r\n\r\n`,
    outside: `${CHUNKED}0\r\nA: ${'x'.repeat(64 * KIB - 2)}\r\n\r\n`,
  },
  {
    what: 'the trailers together',
    inside: `${CHUNKED}0\r\n${'A: 3456\r\n'.repeat(8000)}\r\n`,
    outside: `${CHUNKED}0\r\n${'A: 3456\r\n'.repeat(10_000)}\r\n`,
  },
]

for (const { what, inside, outside } of limits) {
  t.test(`${what} has a largest size, the same however it is cut`, async (t) => {
    t.same(parseAnswer({ pieces: [inside] }).trailers?.length !== undefined, true, 'inside')
    t.match(parseAnswer({ pieces: [outside] }), { wrong: /too (large|long)/ }, 'outside')
    const end = inside.lastIndexOf('\r\n\r\n')
    for (let cut = end - 3; cut < end + 4; cut++) {
      const { wrong } = parseAnswer({ pieces: [inside.slice(0, cut), inside.slice(cut)] })
      t.equal(wrong, undefined, `inside, cut at ${cut}`)
    }
    const line = inside.indexOf('\r\nhello')
    if (line !== -1) {
      const { wrong } = parseAnswer({ pieces: [inside.slice(0, line + 1), inside.slice(line + 1)] })
      t.equal(wrong, undefined, 'inside, cut between CR and LF')
    }
    const pieces = outside.match(/[\s\S]{1,1000}/g) ?? []
    t.match(parseAnswer({ pieces }), { wrong: /too (large|long)/ }, 'outside, in pieces')
  })
}

t.test('a server that never stops with 1xx answers is broken', async (t) => {
  const bytes = `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(33)}${OK}Content-Length: 0\r\n\r\n`
  t.match(parseAnswer({ pieces: [bytes] }), { wrong: 'too many 1xx answers', head: undefined })
})

t.test('nothing is read after a fault', async (t) => {
  const { head, wrong } = parseAnswer({
    pieces: ['HTTP/9\r\n\r\n', `${OK}Content-Length: 0\r\n\r\n`],
  })
  t.equal(head, undefined)
  t.type(wrong, 'string')
})

t.test('bytes that were there before a request are never its answer', async (t) => {
  const statuses: number[] = []
  const parser = new ResponseParser({
    onInformation: () => {},
    onHead: ({ status }) => void statuses.push(status),
    onBody: () => {},
    onComplete: () => parser.expect('GET'),
    onMalformed: (what) => t.fail(what),
  })
  parser.expect('GET')
  const forged = 'HTTP/1.1 201 Forged\r\nContent-Length: 0\r\n\r\n'
  const surplus = parser.execute(Buffer.from(`${OK}Content-Length: 2\r\n\r\nok${forged}`))
  t.equal(surplus, forged.length)
  t.same(statuses, [200])
})
