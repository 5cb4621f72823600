/** RFC 9112 2 to 5: what is not plainly HTTP/1.x is answered and closed, never repaired and passed on. */
import t from 'tap'
import { HOST, type Refusal, refuseEach } from '../support/refusals.ts'

const withLine = (what: string, line: string): Refusal => ({
  what,
  bytes: `GET / HTTP/1.1\r\n${HOST}${line}\r\n\r\n`,
})

const fields: readonly Refusal[] = [
  withLine('a folded value', 'A: b\r\n c'),
  withLine('a value folded with a tab', 'A: b\r\n\tc'),
  withLine('a space before the colon', 'A : b'),
  withLine('a tab before the colon', 'A\t: b'),
  withLine('a space before a length', 'Content-Length : 5'),
  withLine('an empty name', ': b'),
  withLine('a line without a colon', 'A'),
  withLine('NUL in a name', 'A\0: b'),
  withLine('NUL in a value', 'A: b\0c'),
  withLine('NUL before a value', 'A:\0b'),
  withLine('a bell in a value', 'A: b\x07'),
  withLine('DEL in a value', 'A: \x7f'),
  withLine('an umlaut in a name', '\xc4: b'),
  withLine('a slash in a name', 'A/b: c'),
  withLine('a bracket in a name', 'A[b]: c'),
  withLine('a CR inside a value', 'A: b\rC: d'),
  withLine('a CR at the end of a value', 'A: b\r'),
  withLine('an LF inside a value', 'A: b\nContent-Length: 5'),
  withLine('an LF at the end of a line', 'A: b\nC: d'),
  withLine('CR and something else where the head ends', 'A: b\r\n\rX'),
  { what: 'a fold behind the request line', bytes: `GET / HTTP/1.1\r\n ${HOST}\r\n` },
  { what: 'LF only, everywhere', bytes: 'GET / HTTP/1.1\nHost: lyncweb.contoso.com\n\n' },
  { what: 'LF behind the request line', bytes: `GET / HTTP/1.1\n${HOST}\r\n` },
  { what: 'LF at the end of the head', bytes: `GET / HTTP/1.1\r\n${HOST}\n` },
]

const requestLines: readonly Refusal[] = [
  ...['GET /\r\n', 'GET /', 'GET\t/ HTTP/1.1', ' GET / HTTP/1.1'],
  ...['GET / HTTP/1.1 ', 'GET / HTTP/1.1 x', 'GET / HTTP/2.0', 'GET / HTTP/0.9', 'GET / HTTP/1.2'],
  ...['GET / HTTP/3.0', 'GET / HTTP/11.1', 'GET / HTTP/1', 'GET / HTTP/1.', 'GET / http/1.1'],
  ...['GET / HTTPS/1.1', 'GET / XTTP/1.1', 'GET HTTP/1.1', 'GET', '', ' ', 'GET / x HTTP/1.1'],
  ...['get / HTTP/1.1', 'G@T / HTTP/1.1', 'NOSUCHMETHOD / HTTP/1.1', 'GET / SIP/2.0'],
  ...['GET /a\0b HTTP/1.1', 'GET /a\x7fb HTTP/1.1', 'GET /a\rb HTTP/1.1', 'GET /a\nb HTTP/1.1'],
].map((line) => ({ what: JSON.stringify(line), bytes: `${line}\r\n${HOST}\r\n` }))

const protocols: readonly Refusal[] = [
  { what: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { what: 'TLS on the plain port', bytes: '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03' },
  { what: 'SIP', bytes: 'OPTIONS sip:a@contoso.com SIP/2.0\r\n\r\n' },
  { what: 'noise', bytes: '\0\0\0\0\r\n\r\n' },
]

const methods: readonly Refusal[] = [
  ['CONNECT to us', `CONNECT lyncweb.contoso.com:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['CONNECT elsewhere', `CONNECT evil.example:25 HTTP/1.1\r\nHost: evil.example:25\r\n\r\n`],
  ['CONNECT with a path', `CONNECT /a HTTP/1.1\r\n${HOST}\r\n`],
  [
    'CONNECT with a length',
    `CONNECT lyncweb.contoso.com:443 HTTP/1.1\r\n${HOST}Content-Length: 500\r\n\r\n`,
  ],
  [
    'CONNECT with chunks',
    `CONNECT a.example:1 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
  ],
  ['TRACE', `TRACE / HTTP/1.1\r\n${HOST}\r\n`],
  ['TRACE with a body', `TRACE / HTTP/1.1\r\n${HOST}Content-Length: 60\r\n\r\n`],
].map(([what = '', bytes = '']) => ({ what, bytes, status: 405 }))

const upgrades: readonly Refusal[] = [
  [
    'h2c',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
  ],
  ['TLS', 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n'],
  [
    'WebSocket without a key',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n',
  ],
  [
    'WebSocket and h2c',
    'Connection: Upgrade\r\nUpgrade: websocket, h2c\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  ],
  [
    'WebSocket with a body',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 60\r\n',
  ],
].map(([what = '', lines = '']) => ({ what, bytes: `GET / HTTP/1.1\r\n${HOST}${lines}\r\n` }))

const expectations: readonly Refusal[] = ['200-ok', '100-continue, x', 'x="100-continue"', ''].map(
  (value) => ({ ...withLine(`Expect: ${value}`, `Expect: ${value}`), status: 417 }),
)

t.test('field lines', (t) => refuseEach(t, fields))
t.test('request lines', (t) => refuseEach(t, requestLines))
t.test('other protocols', (t) => refuseEach(t, protocols))
t.test('methods that would tunnel or reflect', (t) => refuseEach(t, methods))
t.test('upgrades that are not a WebSocket', (t) => refuseEach(t, upgrades))
t.test('expectations that nobody knows', (t) => refuseEach(t, expectations))
