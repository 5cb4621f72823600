/** Promise 2, the way back: status, reason, fields and body are the server's; nothing is added but what is configured. */

import { gzipSync } from 'node:zlib'
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { dechunk } from '../support/dechunk.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST } from '../support/refusals.ts'

type Test = Parameters<typeof openRawClient>[0]

const get = (method = 'GET', version = '1.1', more = ''): string =>
  `${method} / HTTP/${version}\r\n${HOST}${more}\r\n`

/** What the client receives for one answer of the server. */
async function relayed(t: Test, answer: string, request = get()): Promise<string> {
  const backend = await startAnsweringBackend(t, answer)
  const proxy = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(request)
  await proxy.line((line) => line.msg === 'exchange')
  if (/\r\nConnection: close\r\n/.test(client.text)) return client.closed()
  return client.until((text) => text.includes('\r\n\r\n'))
}

const unchanged: Readonly<Record<string, string>> = {
  'order, case and repetition': [
    'HTTP/1.1 401 Access Is Denied',
    'server: Microsoft-IIS/8.5',
    'WWW-Authenticate: Negotiate',
    'www-authenticate: NTLM',
    'X-Odd-CASE: 1',
    'Set-Cookie: a=1; path=/, x',
    'WWW-Authenticate: MsRtcOAuth href="https://a/b",grant_type="urn:x,password"',
    'Set-Cookie: b=2',
    'x-odd-case: ',
    'Date: Thu, 01 Jan 1970 00:00:00 GMT',
    'Content-Type: text/html',
    'Content-Type: text/plain',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
  'no Date, no Server, no reason': 'HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n',
  'latin1 in reason and values':
    'HTTP/1.1 200 Sch\xf6n\r\nX: \xe4 \xa0\xff\r\nContent-Length: 1\r\n\r\n\x80',
  'a gzip body and its tag': `HTTP/1.1 200 OK\r\nETag: "1123784134-gzip"\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\nContent-Length: ${gzipSync('a'.repeat(999)).length}\r\n\r\n${gzipSync('a'.repeat(999)).toString('latin1')}`,
  'a redirect to anywhere':
    'HTTP/1.1 302 Found\r\nLocation: https://fe01.contoso.local:4443/a?b\r\nContent-Length: 0\r\n\r\n',
  'an odd status': 'HTTP/1.1 599 Odd\r\nContent-Length: 2\r\n\r\nxx',
  'leading zeros in a length': 'HTTP/1.1 200 OK\r\nContent-Length: 002\r\n\r\nok',
}

for (const [what, answer] of Object.entries(unchanged)) {
  t.test(`${what}: byte for byte`, async (t) => {
    t.equal(await relayed(t, answer), answer)
  })
}

t.test('a very large head', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\n${`X: ${'y'.repeat(8000)}\r\n`.repeat(25)}Content-Length: 0\r\n\r\n`
  t.equal(await relayed(t, answer), answer)
})

t.test('many fields with one name', async (t) => {
  const answer = `HTTP/1.1 200 OK\r\n${'Set-Cookie: a=b\r\n'.repeat(1500)}Content-Length: 0\r\n\r\n`
  t.equal(await relayed(t, answer), answer)
})

t.test('answers without a body', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 17\r\nETag: "a"\r\n\r\n'
  t.equal(await relayed(t, head, get('HEAD')), head, 'HEAD keeps its length')
  const notModified = 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 17\r\n\r\n'
  t.equal(await relayed(t, notModified), notModified, '304')
  t.equal(
    await relayed(t, 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX: 1\r\n\r\n'),
    'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n',
    '204 has no length (RFC 9110 8.6)',
  )
  t.equal(
    await relayed(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n', get('HEAD')),
    'HTTP/1.1 200 OK\r\nX: 1\r\n\r\n',
    'HEAD of an answer in chunks',
  )
  t.equal(
    await relayed(t, 'HTTP/1.1 200 OK\r\nX: 1\r\n\r\n', get('HEAD')),
    'HTTP/1.1 200 OK\r\nX: 1\r\n\r\n',
  )
})

const CHUNKED = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n2\r\n\r\n\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nx-SUM: \xe4\r\nHost: a\r\nTransfer-Encoding: gzip\r\nSet-Cookie: a=b\r\n\r\n`

t.test(
  'chunks are made anew; trailers come through, but for those that change the message',
  async (t) => {
    const text = await relayed(t, CHUNKED)
    const [head = '', ...rest] = text.split('\r\n\r\n')
    t.equal(head, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked')
    t.equal(dechunk(rest.join('\r\n\r\n')), 'hello\r\n')
    t.match(text, /\r\n0\r\nX-Sum: 1\r\nx-SUM: \xe4\r\n\r\n$/)
  },
)

t.test('to an HTTP/1.0 client chunks become a body that ends with the connection', async (t) => {
  t.equal(
    await relayed(t, CHUNKED, get('GET', '1.0')),
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello\r\n',
  )
  t.equal(
    await relayed(t, CHUNKED, get('GET', '1.0', 'Connection: keep-alive\r\n')),
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello\r\n',
    'also when it would keep the connection',
  )
})

t.test('an HTTP/1.0 client keeps its connection only when it asks to', async (t) => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const closed = answer.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  t.equal(await relayed(t, answer, get('GET', '1.0')), closed)
  const kept = answer.replace('\r\n\r\n', '\r\nConnection: keep-alive\r\n\r\n')
  t.equal(await relayed(t, answer, get('GET', '1.0', 'Connection: Keep-Alive\r\n')), kept)
})

t.test('an HTTP/1.0 server is understood', async (t) => {
  t.equal(
    await relayed(t, 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  )
})

t.test('a body that ends with the connection reaches an HTTP/1.1 client in chunks', async (t) => {
  const backend = await startAnsweringBackend(t, 'HTTP/1.1 200 OK\r\nX: 1\r\n\r\nhello')
  const { httpPort } = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
  const client = await openRawClient(t, { port: httpPort })
  client.send(get())
  await client.until((text) => text.includes('hello'))
  ;(await backend.connection(0)).socket.end()
  t.equal(
    await client.until((text) => text.endsWith('0\r\n\r\n')),
    'HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  )
})
