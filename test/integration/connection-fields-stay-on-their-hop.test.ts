/** RFC 9110 7.6.1: what is for one hop ends there, both ways, and nobody can use that to take anything else away. */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

const linesOf = (head: string): string[] => (head.split('\r\n\r\n')[0] as string).split('\r\n')

async function forwarded(
  t: Parameters<typeof openRawClient>[0],
  lines: readonly string[],
  top = '',
) {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`${['GET / HTTP/1.1', ...lines].join('\r\n')}\r\n\r\n`)
  await client.until((text) => text.endsWith('ok'))
  return linesOf((await backend.connection(0)).text).slice(1)
}

const OURS = [
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Host: lyncweb.contoso.com',
  'Connection: keep-alive',
]

t.test('towards the server', async (t) => {
  const lines = await forwarded(t, [
    'Host: lyncweb.contoso.com',
    'Connection: keep-alive, X-Private',
    'connection: x-second',
    'X-Private: 1',
    'x-PRIVATE: 2',
    'X-Second: 3',
    'X-Third: 4',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eA==',
    'TE: trailers',
    'Trailer: X-Sum',
    'Via: 1.1 front',
  ])
  t.same(lines, [
    'Host: lyncweb.contoso.com',
    'X-Third: 4',
    'Trailer: X-Sum',
    'Via: 1.1 front',
    ...OURS,
  ])
})

t.test('Connection cannot take away what the message needs', async (t) => {
  const lines = await forwarded(t, [
    'Host: lyncweb.contoso.com',
    'Connection: host, authorization, cookie, x-ms-webticket, content-type',
    'Connection: X-Forwarded-For, x-forwarded-proto, X-Forwarded-Host, connection',
    'Authorization: Basic eDp5',
    'Cookie: a=b',
    'X-MS-WebTicket: opaque=x',
    'Content-Type: text/plain',
  ])
  t.same(lines, [
    'Host: lyncweb.contoso.com',
    'Authorization: Basic eDp5',
    'Cookie: a=b',
    'X-MS-WebTicket: opaque=x',
    'Content-Type: text/plain',
    ...OURS,
  ])
})

t.test('Connection cannot take the length away', async (t) => {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  const head = 'POST / HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nConnection: content-length\r\n'
  client.send(`${head}Content-Length: 5\r\n\r\nhello`)
  await client.until((text) => text.endsWith('ok'))
  t.match((await backend.connection(0)).text, /\r\nContent-Length: 5\r\n.*\r\n\r\nhello$/s)
})

t.test('towards the client', async (t) => {
  const backend = await startAnsweringBackend(
    t,
    [
      'HTTP/1.1 200 OK',
      'Connection: keep-alive, x-private, content-length, set-cookie, www-authenticate',
      'Keep-Alive: timeout=120',
      'X-Private: 1',
      'Proxy-Authenticate: Basic',
      'Proxy-Connection: close',
      'Upgrade: h2c',
      'Set-Cookie: a=b',
      'WWW-Authenticate: NTLM',
      'Content-Length: 2',
      'X-Private2: 2',
      '',
      'ok',
    ].join('\r\n'),
  )
  const { httpPort } = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
  const client = await openRawClient(t, { port: httpPort })
  client.send('GET / HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n\r\n')
  const text = await client.until((bytes) => bytes.endsWith('ok'))
  t.same(linesOf(text), [
    'HTTP/1.1 200 OK',
    'Set-Cookie: a=b',
    'WWW-Authenticate: NTLM',
    'Content-Length: 2',
    'X-Private2: 2',
  ])
})
