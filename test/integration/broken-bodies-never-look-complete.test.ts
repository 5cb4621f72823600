/** A request body that breaks off or breaks the rules of chunks ends the exchange on both sides, and nothing follows. */
import t from 'tap'
import { whenClosed } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import {
  type RecordedConnection,
  type RecordingBackend,
  startRecordingBackend,
} from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'

const HEAD = `POST /upload HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`

const bodies: Readonly<Record<string, string>> = {
  'a size with 0x': '0x5\r\nhello\r\n0\r\n\r\n',
  'a negative size': '-5\r\nhello\r\n0\r\n\r\n',
  'no size': '\r\nhello\r\n0\r\n\r\n',
  'a size that is too large': `${'f'.repeat(17)}\r\nhello\r\n0\r\n\r\n`,
  'LF behind the size': '5\nhello\r\n0\r\n\r\n',
  'CR and another byte behind the size': '5\rXhello\r\n0\r\n\r\n',
  'an LF in an extension': '5;a\nb\r\nhello\r\n0\r\n\r\n',
  'a CR in an extension': '5;a\rb\r\nhello\r\n0\r\n\r\n',
  'NUL in an extension': '5;a\0\r\nhello\r\n0\r\n\r\n',
  'two other bytes behind the data': '5\r\nhelloXY0\r\n\r\n',
  'LF behind the data': '5\r\nhello\n0\r\n\r\n',
  'no end of the data': '5\r\nhello0\r\n\r\n',
  'data longer than the size': '5\r\nhello, world\r\n0\r\n\r\n',
  'extensions of 20 KiB': `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  'a trailer with a space before the colon': '5\r\nhello\r\n0\r\nA : b\r\n\r\n',
  'a length among the trailers': '5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n',
  'a coding among the trailers': '5\r\nhello\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n',
  'a trailer that is folded': '5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n',
  'a trailer with a bare LF': '5\r\nhello\r\n0\r\nA: b\nC: d\r\n\r\n',
  'trailers that are too large': `5\r\nhello\r\n0\r\n${`A: ${'x'.repeat(1000)}\r\n`.repeat(70)}\r\n`,
  'LF behind the last chunk': '5\r\nhello\r\n0\n\n',
}

t.test('chunks that are not chunks', async (t) => {
  const backend = await startRecordingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  // All at once: the proxy reads on for a while after its answer, so that the answer is not lost to a reset.
  await Promise.all(
    Object.entries(bodies).map(async ([what, body], index) => {
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(HEAD.replace('/upload', `/upload/${index}`))
      const recorded = await connectionWith(backend, `POST /upload/${index} `)
      client.send(body + SMUGGLED)
      const answer = await client.closed()
      t.match(answer, /^HTTP\/1\.1 4(00|31) /, what)
      t.match(answer, /\r\nX-Lyncgate-Request-Id: /)
      t.match(answer, /\r\nConnection: close\r\n/i)
      t.equal(answer.split('HTTP/1.1').length, 2, 'one answer')
      const text = await whenClosed(recorded)
      t.notMatch(text, /\r\n0\r\n/, 'the server never sees the end of a body that has none')
      t.notMatch(text, 'smuggled')
      const line = await proxy.line((entry) => entry.target === `/upload/${index}`)
      t.match(line.outcome, /^client-(malformed|head-too-large|framing-ambiguous)$/, what)
    }),
  )
  t.equal(backend.connections.length, Object.keys(bodies).length)
})

/** The first connection whose recording fits, also one that is still to come. */
async function connectionWith(
  backend: RecordingBackend,
  part: string,
): Promise<RecordedConnection> {
  for (let index = 0; ; index++) {
    const recorded = await backend.connection(index)
    const text = await recorded.until((bytes) => bytes.includes('\r\n\r\n'))
    if (text.includes(part)) return recorded
  }
}

for (const framing of ['Content-Length: 10\r\n', 'Transfer-Encoding: chunked\r\n']) {
  t.test(`a client that leaves in the middle of ${framing.split(':')[0]}`, async (t) => {
    const backend = await startRecordingBackend(t)
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(`POST /upload HTTP/1.1\r\n${HOST}${framing}\r\n`)
    client.send(framing.startsWith('C') ? 'hello' : '5\r\nhello\r\n')
    const recorded = await backend.connection(0)
    await recorded.until((text) => text.includes('hello'))
    client.socket.end()
    const text = await whenClosed(recorded)
    t.notMatch(text, /0\r\n\r\n$/)
    t.match(await proxy.line((line) => line.target === '/upload'), { outcome: 'client-left' })
  })
}
