/** Promise 5: credentials pass through, and no log line ever carries them, whatever becomes of the request. */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'

const SECRET = 'c2VjcmV0'

const FIELDS = [
  `Authorization: Basic ${SECRET}`,
  `Cookie: session=${SECRET}`,
  `X-MS-WebTicket: opaque=${SECRET}`,
  `Proxy-Authorization: Basic ${SECRET}`,
  `X-Custom: ${SECRET}`,
].join('\r\n')

const TARGET = `/a?b=c?ticket=${SECRET}&x=y`

/** Each way an exchange can end, with what tells that it has. */
const requests: Readonly<Record<string, string>> = {
  answered: `GET ${TARGET} HTTP/1.1\r\n${HOST}${FIELDS}\r\n\r\n`,
  'two hosts': `GET ${TARGET} HTTP/1.1\r\n${HOST}${HOST}${FIELDS}\r\n\r\n`,
  'not published': `GET ${TARGET} HTTP/1.1\r\nHost: evil.example\r\n${FIELDS}\r\n\r\n`,
  'malformed fields': `GET ${TARGET} HTTP/1.1\r\n${HOST}${FIELDS}\r\nA : b\r\n\r\n`,
  'a user in the target': `GET http://alice:${SECRET}@lyncweb.contoso.com/ HTTP/1.1\r\n${HOST}\r\n`,
  'a refused method': `TRACE ${TARGET} HTTP/1.1\r\n${HOST}${FIELDS}\r\n\r\n`,
  'a refused upgrade': `GET ${TARGET} HTTP/1.1\r\n${HOST}${FIELDS}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  'a bad chunk': `POST ${TARGET} HTTP/1.1\r\n${HOST}${FIELDS}\r\nTransfer-Encoding: chunked\r\n\r\n${SECRET}\r\n`,
  'too many fields': `GET ${TARGET} HTTP/1.1\r\n${HOST}${`${FIELDS}\r\n`.repeat(50)}\r\n`,
}

t.test('on any way out', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\nSet-Cookie: t=${SECRET}\r\nAuthentication-Info: ${SECRET}\r\nContent-Length: ${SECRET.length}\r\n\r\n${SECRET}`
  const backend = await startAnsweringBackend(t, answer)
  const proxy = await startTestProxy(t, { servers: [backend] })
  await Promise.all(
    Object.values(requests).map(async (request) => {
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(request)
      await client.until((text) => text.includes('\r\n\r\n'))
      client.socket.end()
      await client.closed()
    }),
  )
  t.match(await proxy.line((line) => line.status === 200), { target: '/a?b=c?ticket=***&x=y' })
  t.ok(proxy.lines.length >= Object.keys(requests).length)
  t.notMatch(JSON.stringify(proxy.lines), SECRET)
})

t.test('a server that breaks the rules', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(`HTTP/1.1 200 OK\r\nSet-Cookie : ${SECRET}\r\n\r\n`)
  })
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(requests['answered'] ?? '')
  t.match(await client.until((text) => text.endsWith('\n')), /^HTTP\/1\.1 503 /)
  await proxy.line((line) => line.outcome === 'backend-answer-malformed')
  t.notMatch(JSON.stringify(proxy.lines), SECRET)
})
