/** What a client might send: requests, good and odd, one behind the other, and cut at any place. */
import { fc } from '../support/property.ts'

/** Bytes as latin1 text, sent piece by piece. */
export interface RequestStream {
  readonly pieces: readonly string[]
  /** How the server answers the first request, the second …; beyond the list: as the last one says. */
  readonly answers: readonly AnswerStyle[]
  /** Every request of it is one that must be served. */
  readonly isPlain: boolean
}

export const answerStyles = [
  'length',
  'chunked',
  'close-delimited',
  'then-close',
  'early',
  'informed',
  'offers-ntlm',
] as const
export type AnswerStyle = (typeof answerStyles)[number]

const CRLF = '\r\n'
const HOST = 'Host: lyncweb.contoso.com'
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`

/** Mostly the first one. */
const mostly = (usual: string, ...odd: readonly string[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, fc.constantFrom(...odd))

const data = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', '\r', '\n', '0', ';', ':', ' ', '\0', '\xff'),
    maxLength: 30,
  }),
  fc.constantFrom('', '0\r\n\r\n', SMUGGLED, '5\r\nhello\r\n0\r\n\r\n', 'x'.repeat(9000)),
)

const method = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS') },
  fc.constantFrom(
    'CONNECT',
    'TRACE',
    'SOURCE',
    'DESCRIBE',
    'SETUP',
    'PRI',
    'M-SEARCH',
    'get',
    'GE',
    'RPC_IN_DATA',
  ),
)

const target = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('/', '/a?b', '/abs/handler', '/meet//x', '/a?b=/../c') },
  fc.constantFrom(
    '*',
    'http://lyncweb.contoso.com/x',
    'HTTP://lyncweb.contoso.com?y',
    'http://evil.example/',
  ),
  fc.constantFrom(
    'lyncweb.contoso.com:443',
    'x',
    '/a#b',
    '/\xc3\xbc',
    '/%00',
    '/a\\b',
    '/<>"',
    `/${'a'.repeat(3000)}`,
  ),
  fc.constantFrom('/a b', '/a\tb', '/\0', 'http://', 'https://lyncweb.contoso.com/', '/a\x7f'),
)

const version = mostly(
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.2',
  'RTSP/1.0',
  'RTSP/1.1',
  'ICE/1.0',
  'http/1.1',
  'HTTP/11',
  'HTTP/1.1 ',
  '',
  'HTTP/1.1\t',
  'HTTP/3.0',
)
const gap = mostly(' ', '  ', '\t', '', ' \t')
const eol = fc.oneof(
  { weight: 40, arbitrary: fc.constant(CRLF) },
  fc.constantFrom('\n', '\r', '\r\r\n', '\n\n', '\r\n\r\n', ' \r\n', '\r\n '),
)

const fieldNames = [
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Host',
  'Expect',
  'Upgrade',
  'TE',
  'Trailer',
  'X-Forwarded-For',
  'Keep-Alive',
  'A',
  'Cookie',
  'Authorization',
  'content-length',
  'TRANSFER-ENCODING',
  'Content_Length',
  'Transfer-Encoding\0',
  'Proxy-Connection',
  'HTTP2-Settings',
  '',
  'Sec-WebSocket-Key',
]
const fieldValues = [
  'chunked',
  '5',
  '0',
  '+5',
  '5, 5',
  '0x5',
  '05',
  '5 ',
  'gzip',
  'gzip, chunked',
  'chunked, chunked',
  'close',
  'keep-alive',
  'upgrade',
  'host',
  'content-length',
  'close, transfer-encoding',
  'x',
  '100-continue',
  'websocket',
  'h2c',
  'lyncweb.contoso.com',
  'evil.example',
  'user@lyncweb.contoso.com',
  '',
  'NTLM TlRMTVNTUAABAAAA',
  '\xff',
  'a\tb',
  'a\rb',
  'a\0b',
  '9'.repeat(20),
  'dGhlIHNhbXBsZSBub25jZQ==',
]
const field = fc
  .tuple(
    fc.constantFrom(...fieldNames),
    mostly(': ', ':', ' : ', ':\t', ':\x0b', '\t:', ':\r\n ', ''),
    fc.constantFrom(...fieldValues),
    eol,
  )
  .map((parts) => parts.join(''))

const extension = mostly(
  '',
  ';a',
  ';a=b',
  ';a="b;c"',
  ' ',
  ';',
  ';a\n',
  ';\r',
  '; a',
  ';\0',
  ';a="\r\n"',
)
const chunk = fc
  .tuple(
    data.filter((text) => text !== ''),
    extension,
    eol,
    eol,
    mostly('', '0', '0x', '+', '00000'),
  )
  .map(
    ([text, ext, behindSize, behindData, before]) =>
      `${before}${text.length.toString(16)}${ext}${behindSize}${text}${behindData}`,
  )
const chunks = fc
  .tuple(
    fc.array(chunk, { maxLength: 3 }),
    mostly('0', '00', '0;a', '', '0 ', '-0'),
    eol,
    fc.array(field, { maxLength: 1 }),
    eol,
  )
  .map(
    ([parts, last, behind, trailers, end]) =>
      parts.join('') + last + behind + trailers.join('') + end,
  )

/** The last lines of a head and what follows it. */
const rest = fc.oneof(
  { weight: 5, arbitrary: fc.constant(CRLF) },
  { weight: 4, arbitrary: data.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`) },
  { weight: 4, arbitrary: chunks.map((text) => `Transfer-Encoding: chunked\r\n\r\n${text}`) },
  fc
    .tuple(eol, fc.nat(60), data)
    .map(([end, length, text]) => `Content-Length: ${length}\r\n${end}${text}`),
)

const oddRequest = fc
  .tuple(
    fc.tuple(mostly('', CRLF, '\n', '\r', ' ', '\0'), method, gap, target, gap, version, eol),
    mostly(
      `${HOST}\r\n`,
      '',
      `${HOST}\r\n${HOST}\r\n`,
      'Host: lyncweb.contoso.com:81\r\n',
      `${HOST}\n`,
      'host:lyncweb.contoso.com\r\n',
    ),
    fc.array(field, { maxLength: 3 }),
    rest,
  )
  .map(([line, host, fields, end]) => `${line.join('')}${host}${fields.join('')}${end}`)

const plainField = fc.constantFrom(
  'A: b\r\n',
  'a:\r\n',
  'Cookie: x=\xff;y="z"\r\n',
  'Expect: 100-continue\r\n',
  'Connection: a, keep-alive\r\n',
  'TE: trailers\r\n',
)
const plainChunks = fc
  .tuple(
    fc.array(
      data.filter((text) => text !== ''),
      { maxLength: 3 },
    ),
    fc.constantFrom('', 'A: b\r\n'),
  )
  .map(
    ([parts, trailer]) =>
      `${parts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')}0\r\n${trailer}\r\n`,
  )
const plainRequest = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
    fc.constantFrom('/', '/a?b', '/abs/handler', '/a?b??/../c', 'http://lyncweb.contoso.com/x'),
    fc.uniqueArray(plainField, { maxLength: 3 }),
    fc.oneof(
      fc.constant(CRLF),
      data.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`),
      plainChunks.map((text) => `Transfer-Encoding: chunked\r\n\r\n${text}`),
    ),
  )
  .map(
    ([name, path, fields, end]) =>
      `${name} ${path} HTTP/1.1\r\n${HOST}\r\n${fields.join('')}${end}`,
  )

const noise = fc.constantFrom(
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
  '0\r\n\r\n',
  '1',
  SMUGGLED,
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  ' chunked',
  'HTTP/1.1',
  'GET ',
  '\x85',
  'x'.repeat(70_000),
)
const change = fc.tuple(fc.nat(2000), fc.nat(4), noise)

const mutate = (text: string, changes: readonly (readonly [number, number, string])[]): string =>
  changes.reduce((bytes, [at, dropped, put]) => {
    const place = at % (bytes.length + 1)
    return bytes.slice(0, place) + put + bytes.slice(place + dropped)
  }, text)

/** Cuts a text into pieces at places given as fractions of its length. */
export function cut(text: string, places: readonly number[]): string[] {
  const marks = [...new Set(places.map((place) => place % Math.max(1, text.length)))].sort(
    (a, b) => a - b,
  )
  return [0, ...marks]
    .map((mark, index) => text.slice(mark, marks[index]))
    .filter((piece) => piece !== '')
}

const places = fc.array(fc.nat(3000), { maxLength: 4 })
const styles = fc.array(fc.constantFrom(...answerStyles), { maxLength: 3 })
/** Styles after which the connection of the client goes on. */
const keepingStyles = fc.array(fc.constantFrom<AnswerStyle>('length', 'chunked', 'informed'), {
  maxLength: 3,
})

export const requestStreams: fc.Arbitrary<RequestStream> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.array(fc.oneof(oddRequest, plainRequest), { minLength: 1, maxLength: 4 }),
        fc.array(change, { maxLength: 3 }),
        places,
        styles,
      )
      .map(([requests, changes, at, answers]) => ({
        pieces: cut(mutate(requests.join(''), changes), at),
        answers,
        isPlain: false,
      })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(plainRequest, { minLength: 1, maxLength: 5 }), places, keepingStyles)
      .map(([requests, at, answers]) => ({
        pieces: cut(requests.join(''), at),
        answers,
        isPlain: true,
      })),
  },
)
