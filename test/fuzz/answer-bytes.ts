/** What a server might send: answers, good and odd, cut at any place. */
import { fc } from '../support/property.ts'
import { cut } from './request-streams.ts'

/** Bytes as latin1 text, received piece by piece; then the server ends its side. */
export interface AnswerBytes {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly pieces: readonly string[]
}

const mostly = (usual: string, ...odd: readonly string[]) =>
  fc.oneof({ weight: 14, arbitrary: fc.constant(usual) }, fc.constantFrom(...odd))

const data = fc.string({
  unit: fc.constantFrom('a', '\r', '\n', '0', ';', ':', '\0', '\xff'),
  maxLength: 30,
})
const eol = mostly('\r\n', '\n', '\r', '\r\r\n', '\n\r', ' \r\n')

const statusLine = fc
  .tuple(
    mostly(
      'HTTP/1.1',
      'HTTP/1.0',
      'HTTP/2.0',
      'HTTP/1.2',
      'HTTP/0.9',
      'http/1.1',
      'HTTP/11',
      'ICY',
      'RTSP/1.0',
      'HTTP/1.1\0',
    ),
    mostly(' ', '  ', '\t', ''),
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('200', '204', '304', '404', '401', '500', '302') },
      fc.constantFrom('100', '103', '101', '000', '99', '999', '2000', '-20', '20x', '600', '0200'),
    ),
    mostly(' OK', ' ', '', '  OK', ' O\xff', ' O\0K', ' \x7f', '\tOK', ' O\rK', 'OK'),
    eol,
  )
  .map((parts) => parts.join(''))

const field = fc
  .tuple(
    fc.constantFrom(
      'Content-Length',
      'Transfer-Encoding',
      'Connection',
      'content-length',
      'TRANSFER-ENCODING',
      'A',
      'Set-Cookie',
      'Upgrade',
      'Trailer',
      'Keep-Alive',
      '',
      'A b',
      'A\0',
      '\xc4',
      'Content-Length\x0b',
      'Transfer_Encoding',
      'A(b)',
    ),
    mostly(': ', ':', ' : ', ':\t', '\t:', ':\r\n ', '', ':\x0b'),
    fc.constantFrom(
      '5',
      '0',
      '2',
      '+5',
      '5, 5',
      '0x5',
      '05',
      'chunked',
      'Chunked',
      'gzip, chunked',
      'chunked, gzip',
      'identity',
      'chunked, chunked',
      'close',
      'keep-alive',
      'upgrade',
      '',
      'a\xff',
      'a\0',
      'a\rb',
      'a\x7f',
      '9'.repeat(20),
      'x ',
      'a\tb',
    ),
    eol,
  )
  .map((parts) => parts.join(''))

const chunk = fc
  .tuple(
    mostly('', '0', '0x', '+', '-', ' ', '00000000000000000000'),
    data.filter((text) => text !== ''),
    mostly(
      '',
      ';a',
      ';a=b',
      ';a="b;c"',
      ' ',
      ';',
      ' ;a',
      ';a\n',
      '; a = b',
      ';\0',
      ';"',
      ';a="\\""',
      '\t',
    ),
    eol,
    eol,
  )
  .map(
    ([before, text, extension, behindSize, behindData]) =>
      `${before}${text.length.toString(16)}${extension}${behindSize}${text}${behindData}`,
  )
const chunks = fc
  .tuple(
    fc.array(chunk, { maxLength: 3 }),
    mostly('0', '00', '', '0;a', '0 ', '0x0'),
    eol,
    fc.array(field, { maxLength: 1 }),
    eol,
  )
  .map(
    ([parts, last, behind, trailers, end]) =>
      parts.join('') + last + behind + trailers.join('') + end,
  )

const rest = fc.oneof(
  { weight: 3, arbitrary: data.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`) },
  { weight: 4, arbitrary: chunks.map((text) => `Transfer-Encoding: chunked\r\n\r\n${text}`) },
  fc.tuple(eol, data).map(([end, text]) => `${end}${text}`),
  fc
    .tuple(fc.nat(40), eol, data)
    .map(([length, end, text]) => `Content-Length: ${length}\r\n${end}${text}`),
)

const information = fc.constantFrom(
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n',
  'HTTP/1.1 102 Wait\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.0 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  '\r\n',
  '\n',
  ' ',
  '\0',
)

const answer = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: fc.constant('') }, information),
    statusLine,
    fc.array(field, { maxLength: 2 }),
    rest,
    mostly('', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'x', '\r\n'),
  )
  .map(([before, line, fields, end, behind]) => `${before}${line}${fields.join('')}${end}${behind}`)

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
  '\r\n\r\n',
  '0\r\n\r\n',
  '1',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'HTTP/1.1 200 OK\r\n',
  'x'.repeat(5000),
)

export const answerBytes: fc.Arbitrary<AnswerBytes> = fc
  .tuple(
    fc.constantFrom<AnswerBytes['method']>('GET', 'GET', 'GET', 'POST', 'HEAD'),
    answer,
    fc.array(fc.tuple(fc.nat(600), fc.nat(3), noise), { maxLength: 2 }),
    fc.array(fc.nat(600), { maxLength: 3 }),
  )
  .map(([method, text, changes, places]) => ({
    method,
    pieces: cut(
      changes.reduce((bytes, [at, dropped, put]) => {
        const place = at % (bytes.length + 1)
        return bytes.slice(0, place) + put + bytes.slice(place + dropped)
      }, text),
      places,
    ),
  }))
