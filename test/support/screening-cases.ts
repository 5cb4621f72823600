/** What request screening does with each odd form of a request: the table of docs/request-screening.md, as data. */

export interface ScreeningCase {
  readonly what: string
  /** latin1, without its Host field, which follows behind the first line. */
  readonly line: string
  /** Behind the Host field: the rest of the head, the empty line, and a body. */
  readonly rest: string
  /** A status: refused. A text: the first line that the server gets, with everything else as it was sent. */
  readonly outcome: number | string
  readonly source: string
}

const GET = 'GET / HTTP/1.1\r\n'
const POST = 'POST / HTTP/1.1\r\n'

type Row = readonly [what: string, decisive: string, outcome: number | string, source: string]

const lines = (rows: readonly Row[]): ScreeningCase[] =>
  rows.map(([what, line, outcome, source]) => ({
    what,
    line: `${line}\r\n`,
    rest: '\r\n',
    outcome,
    source,
  }))

const fields = (rows: readonly Row[]): ScreeningCase[] =>
  rows.map(([what, field, outcome, source]) => ({
    what,
    line: GET,
    rest: `${field}\r\n\r\n`,
    outcome,
    source,
  }))

const framings = (rows: readonly Row[]): ScreeningCase[] =>
  rows.map(([what, field, outcome, source]) => ({
    what,
    line: POST,
    rest: `${field}\r\n\r\n`,
    outcome,
    source,
  }))

const CHUNKED = 'Transfer-Encoding: chunked'
const DESYNC = 'PortSwigger, HTTP Desync Attacks (2019)'
const ENDGAME = 'PortSwigger, HTTP/1.1 must die (2025)'
const SENT = 'GET / HTTP/1.1'

export const screeningCases: Readonly<Record<string, readonly ScreeningCase[]>> = {
  'Request line': lines([
    ['a version that is none', 'GET / HTTP/1.2', 400, 'RFC 9112 2.3'],
    ['HTTP/2.0 in words', 'GET / HTTP/2.0', 400, 'RFC 9112 2.3'],
    ['HTTP/0.9 in words', 'GET / HTTP/0.9', 400, 'RFC 9112 2.3'],
    ['HTTP/0.9 itself', 'GET /', 400, 'RFC 9112 A.1'],
    ['a lower-case version', 'GET / http/1.1', 400, 'RFC 9112 2.3'],
    ['a tab as separator', 'GET\t/ HTTP/1.1', 400, 'RFC 9112 3'],
    ['a space at the end', 'GET / HTTP/1.1 ', 400, 'RFC 9112 3'],
    ['a space before the method', ' GET / HTTP/1.1', 400, 'RFC 9112 2.2'],
    ['a space in the target', 'GET /a b HTTP/1.1', 400, 'RFC 9112 3.2'],
    ['bytes beyond ASCII in the target', 'GET /\xc3\xbc HTTP/1.1', 400, 'RFC 3986 2; see below'],
    ['NUL in the target', 'GET /\0 HTTP/1.1', 400, 'RFC 3986 2'],
    ['two spaces behind the method', 'GET  / HTTP/1.1', SENT, 'RFC 9112 3 allows it; see below'],
    ['two spaces behind the target', 'GET /  HTTP/1.1', SENT, 'RFC 9112 3 allows it; see below'],
    ['an empty line before', '\r\nGET / HTTP/1.1', SENT, 'RFC 9112 2.2'],
    ['an LF before', '\nGET / HTTP/1.1', SENT, 'llhttp; see below'],
    ['a CR before', '\rGET / HTTP/1.1', SENT, 'llhttp; see below'],
    ['RTSP/1.0 as protocol', 'GET / RTSP/1.0', SENT, 'llhttp; see below'],
    ['ICE/1.0 as protocol', 'GET / ICE/1.0', 400, 'llhttp'],
    ['a method of RTSP', 'DESCRIBE / RTSP/1.0', 405, 'llhttp'],
    ['a method of Icecast', 'SOURCE / HTTP/1.1', 405, 'llhttp'],
    ['CONNECT', 'CONNECT lyncweb.contoso.com:443 HTTP/1.1', 405, 'RFC 9110 9.3.6'],
    ['TRACE', 'TRACE / HTTP/1.1', 405, 'OWASP WSTG-CONF-06'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n', 400, 'RFC 9113 3.4'],
    ['a method nobody knows', 'RPC_IN_DATA / HTTP/1.1', 400, 'MS-RPCH; see below'],
  ]),
  Fields: fields([
    ['a folded value', 'A: b\r\n c', 400, 'RFC 9112 5.2'],
    ['a space before the colon', 'Content-Length : 5', 400, 'RFC 9112 5.1'],
    ['a tab before the colon', 'A\t: b', 400, 'RFC 9112 5.1'],
    ['NUL in a name', 'A\0: b', 400, 'RFC 9110 5.1'],
    ['a byte beyond ASCII in a name', '\xc4: b', 400, 'RFC 9110 5.1'],
    ['an empty name', ': b', 400, 'HTTP Garden'],
    ['NUL in a value', 'A: b\0c', 400, 'RFC 9110 5.5'],
    ['a bare CR in a value', 'A: b\rC: d', 400, 'RFC 9112 2.2'],
    ['a bare LF in a value', 'A: b\nC: d', 400, 'RFC 9112 2.2'],
    ['CR and something else at the end of the head', 'A: b\r\n\rX', 400, 'CVE-2025-23167'],
    ['a second Host', 'Host: evil.example', 400, 'RFC 9112 3.2'],
    ['an unknown expectation', 'Expect: y 100-continue', 417, ENDGAME],
    ['two expectations', 'Expect: 100-continue\r\nExpect: x', 417, ENDGAME],
    ['an upgrade to h2c', 'Connection: Upgrade\r\nUpgrade: h2c', 400, 'Bishop Fox (2020)'],
  ]),
  Framing: framings([
    ['CL.TE', `Content-Length: 5\r\n${CHUNKED}`, 400, DESYNC],
    ['TE.CL', `${CHUNKED}\r\nContent-Length: 5`, 400, DESYNC],
    ['CL.0, a length of 0 beside chunks', `Content-Length: 0\r\n${CHUNKED}`, 400, DESYNC],
    ['TE.TE, a second coding', `${CHUNKED}\r\nTransfer-Encoding: x`, 400, DESYNC],
    ['TE.TE, hidden by a space', 'Transfer-Encoding : chunked', 400, DESYNC],
    ['TE.TE, hidden by a control byte', 'Transfer-Encoding: \x0bchunked', 400, DESYNC],
    ['TE.TE, hidden by a fold', 'Transfer-Encoding:\r\n chunked', 400, DESYNC],
    ['TE.TE, hidden by a name before', `X: x\n${CHUNKED}`, 400, DESYNC],
    ['another coding', 'Transfer-Encoding: gzip, chunked', 400, 'RFC 9112 6.1'],
    ['a length with a sign', 'Content-Length: +5', 400, 'RFC 9110 8.6'],
    ['a list of lengths', 'Content-Length: 5, 5', 400, 'RFC 9110 8.6'],
    ['two lengths that agree', 'Content-Length: 5\r\nContent-Length: 5', 400, 'RFC 9112 6.3'],
    ['0.CL, a folded length', 'Content-Length:\r\n 5', 400, ENDGAME],
    ['0.CL, a hidden length', 'Content-Length\x0b: 5', 400, ENDGAME],
    ['no length at all', 'Content-Length:', 400, 'CVE-2023-40225'],
  ]),
}

/** As it stands in the table: bytes that cannot be seen are written out. */
export const visible = (text: string): string =>
  [...text]
    .map((char) => {
      const code = char.charCodeAt(0)
      if (code >= 0x20 && code < 0x7f) return char
      return SHORT[char] ?? `\\x${code.toString(16).padStart(2, '0')}`
    })
    .join('')

const SHORT: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t' }

const decisive = ({ line, rest }: ScreeningCase): string =>
  visible((rest === '\r\n' ? line : rest).replace(/(?:\r\n)+$/, ''))

const outcomeText = ({ outcome }: ScreeningCase): string =>
  typeof outcome === 'number' ? `${outcome}, closed` : `passed on as \`${outcome}\``

/** The tables of the page. */
export const screeningTables = (): string =>
  Object.entries(screeningCases)
    .map(([group, cases]) => {
      const rows = cases.map(
        (each) =>
          `| ${each.what} | \`${decisive(each)}\` | ${outcomeText(each)} | ${each.source} |\n`,
      )
      return `### ${group}\n\n| what | sent | what happens | source |\n|---|---|---|---|\n${rows.join('')}`
    })
    .join('\n')
