/** A WebSocket handshake is a request like any other: the same directories, names and ports are closed to it. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const handshake = (target: string, host = 'lyncweb.contoso.com'): string =>
  [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    '',
  ].join('\r\n')

t.test('what is closed is closed', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('\r\n\r\n'))
      socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  })
  const proxy = await startTestProxy(t, {
    servers: [backend],
    hosts: ['*.contoso.com'],
    plainHttp: 'redirect',
  })
  const tls = { serverName: 'lyncweb.contoso.com', ca: proxy.ca }
  const ask = async (text: string, isTls: boolean): Promise<string> => {
    const client = await openRawClient(
      t,
      isTls ? { port: proxy.httpsPort, tls } : { port: proxy.httpPort },
    )
    client.send(text)
    return client.closed()
  }
  const evil = Buffer.from('https://evil.example/').toString('base64')
  for (const [text, expected] of [
    [handshake('/cscp/'), /^HTTP\/1.1 404 /],
    [handshake('/x/%2e%2e/%63scp'), /^HTTP\/1.1 404 /],
    [handshake('/cscp%00'), /^HTTP\/1.1 400 /],
    [handshake(`/lwa/x?meeturl=${evil}`), /^HTTP\/1.1 404 /],
    [handshake('/', 'lyncdiscoverinternal.contoso.com'), /^HTTP\/1.1 404 /],
    [handshake('/', 'other.example'), /^HTTP\/1.1 421 /],
  ] as const) {
    t.match(await ask(text, true), expected, text)
  }
  t.match(await ask(handshake('/abs'), false), /^HTTP\/1.1 308 /)
  t.equal(backend.connections.length, 0, 'nothing reached a server')
})
