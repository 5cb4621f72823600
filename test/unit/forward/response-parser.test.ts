import t from 'tap'
import { type AnswerInput, parseAnswer } from '../../support/parse-answer.ts'

type Case = Omit<AnswerInput, 'pieces'> & {
  readonly what: string
  readonly bytes: string
  readonly gives: object
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

const cases: readonly Case[] = [
  {
    what: 'Content-Length',
    bytes: `${OK}Content-Length: 5\r\nX-Odd-CASE:  b\t\r\n\r\nhello`,
    gives: {
      head: { framing: 'length', fields: ['Content-Length', '5', 'X-Odd-CASE', 'b'] },
      body: 'hello',
      trailers: [],
      surplus: 0,
    },
  },
  {
    what: 'an empty body of known length',
    bytes: `${OK}Content-Length: 0\r\n\r\n`,
    gives: { body: '', trailers: [] },
  },
  {
    what: 'chunks, extensions and trailers',
    bytes: `${CHUNKED}5;a=b;c="d"\r\nhello\r\n00A \t;x\r\n, world 12\r\n0\r\nX-Sum: 1\r\nx-sum:2\r\n\r\n`,
    gives: {
      head: { framing: 'chunked', keepsAlive: true },
      body: 'hello, world 12',
      trailers: ['X-Sum', '1', 'x-sum', '2'],
    },
  },
  {
    what: 'the end of the connection',
    bytes: `${OK}X: 1\r\n\r\nabc\r\n\r\n`,
    ends: true,
    gives: { head: { framing: 'close', keepsAlive: false }, body: 'abc\r\n\r\n', trailers: [] },
  },
  {
    what: 'HEAD with a length',
    bytes: `${OK}Content-Length: 5\r\n\r\n`,
    method: 'HEAD',
    gives: { head: { framing: 'none', keepsAlive: true }, trailers: [] },
  },
  {
    what: 'HEAD with chunks announced',
    bytes: CHUNKED,
    method: 'HEAD',
    gives: { head: { framing: 'none' }, trailers: [] },
  },
  {
    what: '204',
    bytes: 'HTTP/1.1 204 No Content\r\n\r\n',
    gives: { head: { framing: 'none', keepsAlive: true }, trailers: [] },
  },
  {
    what: '304 with a length',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "x-gzip"\r\n\r\n',
    gives: { head: { framing: 'none', fields: ['Content-Length', '7', 'ETag', '"x-gzip"'] } },
  },
  {
    what: 'several 1xx answers, one with fields',
    bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    gives: {
      informations: [
        { status: 100, fields: [] },
        { status: 103, fields: ['Link', '</a>'] },
        { status: 103 },
      ],
      head: { status: 200 },
      body: 'x',
      trailers: [],
    },
  },
  {
    what: 'a status line without a reason',
    bytes: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
    gives: { head: { status: 200, reason: '' }, trailers: [] },
  },
  {
    what: 'a status line with an empty reason',
    bytes: 'HTTP/1.1 401 \r\nContent-Length: 0\r\n\r\n',
    gives: { head: { status: 401, reason: '' } },
  },
  {
    what: 'latin1 in reason, values and trailers',
    bytes: `HTTP/1.1 200 \xdcber\r\nX: \xa0\xe4\xa0\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nT: \xff\r\n\r\n`,
    gives: {
      head: { reason: '\xdcber', fields: ['X', '\xa0\xe4\xa0', 'Transfer-Encoding', 'Chunked'] },
      trailers: ['T', '\xff'],
    },
  },
  {
    what: 'empty values',
    bytes: `${OK}A:\r\nB: \r\nC:\t \r\nContent-Length: 0\r\n\r\n`,
    gives: { head: { fields: ['A', '', 'B', '', 'C', '', 'Content-Length', '0'] } },
  },
  {
    what: 'bytes behind the end',
    bytes: `${OK}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n`,
    gives: { body: 'ok', trailers: [], surplus: 19 },
  },
  {
    what: 'bytes behind a 204 with a length',
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc',
    gives: { body: '', trailers: [], surplus: 3 },
  },
  {
    what: 'bytes behind the last chunk',
    bytes: `${CHUNKED}0\r\n\r\n\r\n`,
    gives: { trailers: [], surplus: 2 },
  },
  {
    what: 'HTTP/1.0 closes unless it says otherwise',
    bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx',
    gives: { head: { keepsAlive: false, framing: 'length' }, trailers: [] },
  },
  {
    what: 'HTTP/1.0 that keeps the connection',
    bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: x, Keep-Alive\r\n\r\nx',
    gives: { head: { keepsAlive: true } },
  },
  {
    what: 'Connection: close among other options',
    bytes: `${OK}Content-Length: 0\r\nConnection: x\r\nconnection: y ,\tCLOSE\r\n\r\n`,
    gives: { head: { keepsAlive: false } },
  },
  {
    what: 'a length that is not complete',
    bytes: `${OK}Content-Length: 5\r\n\r\nhell`,
    ends: true,
    gives: { body: 'hell', trailers: undefined, wrong: undefined },
  },
  {
    what: 'chunks without the last one',
    bytes: `${CHUNKED}2\r\nok\r\n`,
    ends: true,
    gives: { body: 'ok', trailers: undefined },
  },
  {
    what: 'a last chunk without the end of the trailers',
    bytes: `${CHUNKED}0\r\nA: b\r\n`,
    ends: true,
    gives: { trailers: undefined },
  },
]

for (const { what, bytes, gives, ...rest } of cases) {
  t.test(`${what}: the same in one piece and cut at every byte`, async (t) => {
    const whole = parseAnswer({ pieces: [bytes], ...rest })
    t.match(whole, gives)
    t.equal(whole.wrong, undefined)
    for (let cut = 1; cut < bytes.length; cut++) {
      const two = parseAnswer({ pieces: [bytes.slice(0, cut), bytes.slice(cut)], ...rest })
      t.same(two, whole, `cut at ${cut}`)
    }
    t.same(parseAnswer({ pieces: [...bytes], ...rest }), whole, 'byte by byte')
  })
}
