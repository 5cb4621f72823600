/** One rule for each host, however its name is spelt; a name that no rule has is refused with 421. */
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

const HOSTS = [
  'lyncweb.contoso.com',
  '*.contoso.com',
  'münchen.example',
  '[2001:db8::1]',
  '192.0.2.9',
]
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const published = [
  ...[
    'lyncweb.contoso.com',
    'LYNCWEB.Contoso.Com',
    'lyncweb.contoso.com.',
    'lyncweb.contoso.com:80',
  ],
  ...[
    'lyncweb.contoso.com:8443',
    'lyncweb.contoso.com.:443',
    'meet.contoso.com',
    'x_1.contoso.com',
  ],
  ...[
    'xn--mnchen-3ya.example',
    'XN--MNCHEN-3YA.EXAMPLE',
    utf8('münchen.example'),
    utf8('MÜNCHEN.example'),
  ],
  ...['[2001:db8::1]', '[2001:0DB8:0::1]:8443', '[2001:db8:0:0:0:0:0:1]', '192.0.2.9:80'],
]
const unpublished = [
  ...['contoso.com', 'a.b.contoso.com', 'evilcontoso.com', 'lyncweb.contoso.com.evil.example'],
  ...[
    '[2001:db8::2]',
    '192.0.2.10',
    'localhost',
    '127.0.0.1',
    'fe01.contoso.local',
    'munchen.example',
  ],
]

t.test('published names, in every spelling', async (t) => {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, {
    servers: [backend],
    hosts: HOSTS,
    certificateNames: ['a.example'],
  })
  const client = await openRawClient(t, { port: proxy.httpPort })
  for (const [index, host] of published.entries()) {
    client.send(`GET /${index} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await client.until((text) => text.split('200 OK').length === index + 2)
    const { text } = await backend.connection(0)
    t.ok(text.includes(`GET /${index} HTTP/1.1\r\nHost: ${host}\r\n`), `${host} arrives as it is`)
  }
})

t.test('other names: 421, and the connection stays', async (t) => {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, {
    servers: [backend],
    hosts: HOSTS,
    certificateNames: ['a.example'],
  })
  const client = await openRawClient(t, { port: proxy.httpPort })
  for (const [index, host] of unpublished.entries()) {
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await client.until((text) => text.split('HTTP/1.1 421 ').length === index + 2)
  }
  t.notMatch(client.text, /connection: close|contoso|127\.0/i)
  t.equal(backend.connections.length, 0)
})

t.test('over TLS a name that is in the certificate but in no rule gets 421 too', async (t) => {
  const backend = await startAnsweringBackend(t)
  const names = ['lyncweb.contoso.com', 'other.contoso.com']
  const proxy = await startTestProxy(t, { servers: [backend], certificateNames: names })
  const client = await openRawClient(t, {
    port: proxy.httpsPort,
    tls: { serverName: 'other.contoso.com', ca: proxy.ca },
  })
  client.send('GET / HTTP/1.1\r\nHost: other.contoso.com\r\n\r\n')
  t.match(await client.until((text) => text.endsWith('\n')), /^HTTP\/1\.1 421 /)
  t.equal(backend.connections.length, 0)
})

t.test('"http: refuse" and "http: redirect" decide what port 80 does', async (t) => {
  const ask = async (http: string, host: string, target = '/a?b=c?d') => {
    const backend = await startAnsweringBackend(t)
    const proxy = await startTestProxy(t, { servers: [backend], rule: `http: ${http}` })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(`POST ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    const text = await client.until((bytes) => bytes.endsWith('\n'))
    t.equal(backend.connections.length, 0)
    return text
  }
  t.match(await ask('refuse', 'lyncweb.contoso.com'), /^HTTP\/1\.1 421 /)
  const redirected = await ask('redirect', 'LyncWeb.contoso.com.')
  t.match(redirected, /^HTTP\/1\.1 308 Permanent Redirect\r\n/)
  t.match(redirected, '\r\nLocation: https://lyncweb.contoso.com/a?b=c?d\r\n')
  t.match(
    await ask('redirect', 'lyncweb.contoso.com', '//evil.example/'),
    '\r\nLocation: https://lyncweb.contoso.com//evil.example/\r\n',
  )
})

t.test('"https: refuse" holds for the Host too, whatever name the handshake had', async (t) => {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend], rule: 'https: refuse' })
  // No name in the handshake: 127.0.0.1 is no SNI, and the certificate is not what this is about.
  const socket = connectTls({ port: proxy.httpsPort, host: '127.0.0.1', rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  socket.write('GET / HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const bytes of socket) text += String(bytes)
  t.match(text, /^HTTP\/1\.1 421 /)
  t.equal(backend.connections.length, 0)
})
