/** RFC 9112 6.1 and 6.3: a request whose end two servers could see in two places is answered 400 and goes nowhere. */
import t from 'tap'
import { HOST, type Refusal, refuseEach } from '../support/refusals.ts'

const post = (fields: string, body = '', version = '1.1'): string =>
  `POST /a HTTP/${version}\r\n${HOST}${fields}\r\n${body}`

const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const EMPTY_CHUNKS = '0\r\n\r\n'

const twoFramings: readonly Refusal[] = [
  ['a length, then chunks', `Content-Length: 5\r\n${CHUNKED}`],
  ['chunks, then a length', `${CHUNKED}Content-Length: 5\r\n`],
  ['chunks and a length of 0', `${CHUNKED}Content-Length: 0\r\n`],
  ['odd case', `tRANSFER-eNCODING: Chunked\r\ncONTENT-lENGTH: 5\r\n`],
].map(([what = '', fields = '']) => ({ what, bytes: post(fields, EMPTY_CHUNKS) }))

const manyLengths: readonly Refusal[] = [
  ['two that differ', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
  ['two that agree', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
  ['two of 0', 'Content-Length: 0\r\ncontent-length: 0\r\n'],
  ['a list', 'Content-Length: 5, 5\r\n'],
].map(([what = '', fields = '']) => ({ what, bytes: post(fields, 'hello') }))

const lengths: readonly Refusal[] = [
  ...['+5', '-5', '0x5', '5.0', '5e0', '5 5', '5;', '"5"', 'five', '', ' ', '5\x0b', '\xb2', '_5'],
  ...['9'.repeat(16), '18446744073709551621', '9'.repeat(40), '1_0'],
].map((value) => ({
  what: `Content-Length: ${JSON.stringify(value)}`,
  bytes: post(`Content-Length: ${value}\r\n`, 'hello'),
}))

const codings: readonly Refusal[] = [
  ...[
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, chunked',
    'chunked, identity',
    'identity',
  ],
  ...['xchunked', 'chunkedx', '"chunked"', 'chunked;q=1', 'chunk', '', 'chunked,', ',chunked'],
  ...['\x0bchunked', 'chunked\x0b', "'chunked'", 'x, chunked', 'chunked\xa0', 'ch\x00unked'],
].map((value) => ({
  what: `Transfer-Encoding: ${JSON.stringify(value)}`,
  bytes: post(`Transfer-Encoding: ${value}\r\n`, EMPTY_CHUNKS),
}))

const coding: readonly Refusal[] = [
  { what: 'twice', bytes: post(`${CHUNKED}${CHUNKED}`, EMPTY_CHUNKS) },
  { what: 'gzip and chunked on two lines', bytes: post(`Transfer-Encoding: gzip\r\n${CHUNKED}`) },
  { what: 'chunked and identity', bytes: post(`${CHUNKED}Transfer-Encoding: identity\r\n`) },
  { what: 'in HTTP/1.0', bytes: post(CHUNKED, EMPTY_CHUNKS, '1.0') },
  {
    what: 'in HTTP/1.0 with keep-alive',
    bytes: post(`${CHUNKED}Connection: keep-alive\r\n`, EMPTY_CHUNKS, '1.0'),
  },
  { what: 'folded', bytes: post('Transfer-Encoding:\r\n chunked\r\n', EMPTY_CHUNKS) },
  {
    what: 'in a GET',
    bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n${CHUNKED}\r\n0\r\n\r\n`,
  },
]

t.test('two framings in one request', (t) => refuseEach(t, twoFramings))
t.test('several lengths', (t) => refuseEach(t, manyLengths))
t.test('lengths that are not one plain number', (t) => refuseEach(t, lengths))
t.test('codings that are not just chunked', (t) => refuseEach(t, codings))
t.test('Transfer-Encoding where it cannot be', (t) => refuseEach(t, coding))
