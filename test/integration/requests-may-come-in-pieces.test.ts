/** As h1spec asks: a request means the same wherever TCP cuts it, and bad ones are refused wherever it does. */
import t from 'tap'
import { splitRequests, startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST } from '../support/refusals.ts'

const requests: readonly { what: string; bytes: string; status: number }[] = [
  { what: 'a plain GET', bytes: `GET /a HTTP/1.1\r\n${HOST}\r\n`, status: 200 },
  { what: 'blank lines before it', bytes: `\r\n\r\nGET /a HTTP/1.1\r\n${HOST}\r\n`, status: 200 },
  {
    what: 'blanks around a value',
    bytes: `GET /a HTTP/1.1\r\n${HOST}A: \t b \t\r\n\r\n`,
    status: 200,
  },
  { what: 'an empty value', bytes: `GET /a HTTP/1.1\r\n${HOST}A:\r\n\r\n`, status: 200 },
  {
    what: 'no blank behind a colon',
    bytes: 'GET / HTTP/1.1\r\nHost:lyncweb.contoso.com\r\n\r\n',
    status: 200,
  },
  { what: 'odd case', bytes: 'GET / HTTP/1.1\r\nhOsT: LYNCWEB.contoso.COM\r\n\r\n', status: 200 },
  { what: 'latin1 in a value', bytes: `GET / HTTP/1.1\r\n${HOST}A: \xe4\xff\r\n\r\n`, status: 200 },
  {
    what: 'a body of known length',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: 11\r\n\r\nhello\r\n\r\nhe`,
    status: 200,
  },
  {
    what: 'a length of 0',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
    status: 200,
  },
  {
    what: 'a length with zeros',
    bytes: `PUT /a HTTP/1.1\r\n${HOST}Content-Length: 0005\r\n\r\nhello`,
    status: 200,
  },
  {
    what: 'chunks, extensions, trailers',
    bytes: `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n00B\r\n, world\r\n\r\n\r\n0\r\nA: b\r\n\r\n`,
    status: 200,
  },
  { what: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { what: 'two Hosts', bytes: `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, status: 400 },
  {
    what: 'a bad length',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5x\r\n\r\n`,
    status: 400,
  },
  {
    what: 'a negative length',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: -5\r\n\r\n`,
    status: 400,
  },
  { what: 'an empty name', bytes: `GET / HTTP/1.1\r\n${HOST}: b\r\n\r\n`, status: 400 },
  { what: 'a bad name', bytes: `GET / HTTP/1.1\r\n${HOST}A@b: c\r\n\r\n`, status: 400 },
  { what: 'a bad value', bytes: `GET / HTTP/1.1\r\n${HOST}A: b\x01\r\n\r\n`, status: 400 },
  { what: 'a bad version', bytes: `GET / HTTP/9.9\r\n${HOST}\r\n`, status: 400 },
  { what: 'a bad method', bytes: `G(T / HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'LF alone', bytes: 'GET / HTTP/1.1\nHost: lyncweb.contoso.com\n\n', status: 400 },
  {
    what: 'two framings',
    bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    status: 400,
  },
  { what: 'an unknown host', bytes: 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', status: 421 },
]

for (const { what, bytes, status } of requests) {
  t.test(`${what}: ${status}, wherever it is cut`, async (t) => {
    const backend = await startAnsweringBackend(t)
    const { httpPort } = await startTestProxy(t, { servers: [backend] })
    const whole = await answerTo(t, httpPort, [bytes])
    t.equal(whole, `HTTP/1.1 ${status}`)
    const cuts = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1)
    const answers = await Promise.all(
      cuts.map((cut) => answerTo(t, httpPort, [bytes.slice(0, cut), bytes.slice(cut)])),
    )
    t.same(new Set(answers), new Set([whole]))
    const recorded = new Set(backend.connections.flatMap(({ text }) => splitRequests(text)))
    t.equal(recorded.size <= 3, true, 'the server gets the same, but for where chunks begin')
    if (status !== 200) t.equal(backend.connections.length, 0)
  })
}

type Test = Parameters<typeof openRawClient>[0]

/** The start of the answer to a request sent in pieces, each in a segment of its own. */
async function answerTo(t: Test, port: number, pieces: readonly string[]): Promise<string> {
  const client = await openRawClient(t, { port })
  client.socket.setNoDelay(true)
  for (const piece of pieces) {
    client.send(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const text = await client.until((bytes) => bytes.includes('\r\n\r\n')).catch(() => client.text)
  client.socket.destroy()
  return text.slice(0, 12)
}
