/** Target, fields, policy and affinity of an upgrade are those of any request. http-proxy would mangle most of them. */
import t from 'tap'
import { AFFINITY_COOKIE } from '../../../src/pools/affinity-cookie.ts'
import { HOST } from '../../support/lab-proxy.ts'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { switching, upgradeRequest } from '../../support/upgrade.ts'

const open = async (t: import('tap').Test) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write(switching('X-Odd-CASE: 1')),
  )
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  return { backend, proxy, client }
}

for (const target of [
  '/http://[::1/x',
  '//double//slash',
  "/it's?a=%27&b=%252f",
  '/two?a=1?b=2',
  '/<fs=FULL>',
  '/a%zz/../b/./c',
]) {
  t.test(`target ${target}`, async (t) => {
    const { backend, client } = await open(t)
    client.send(upgradeRequest(target))
    await client.until((got) => got.includes(' 101 '))
    const { text } = await backend.connection(0)
    t.equal(text.split('\r\n')[0], `GET ${target} HTTP/1.1`)
  })
}

t.test('a hostile target is refused and harms nobody', async (t) => {
  const { backend, proxy, client } = await open(t)
  client.send(upgradeRequest('http://[::1/x'))
  t.match(await client.closed(), /^HTTP\/1\.1 400 /)
  t.equal(backend.connections.length, 0)
  const next = await openRawClient(t, { port: proxy.httpPort })
  next.send(upgradeRequest())
  await next.until((got) => got.includes(' 101 '))
})

t.test('fields', async (t) => {
  const { backend, client } = await open(t)
  client.send(
    upgradeRequest(
      '/',
      'X-Odd-CASE: kept',
      'x-odd-case: twice',
      'Keep-Alive: 5',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'X-Forwarded-For: 192.0.2.66',
      'X-Forwarded-Proto: https',
      'X_Forwarded_For: 192.0.2.67',
      'Sec-WebSocket-Protocol: chat, superchat',
      'Connection: X-Nominated',
      'X-Nominated: gone',
    ),
  )
  const answer = await client.until((got) => got.includes('\r\n\r\n'))
  const { text } = await backend.connection(0)
  t.match(text, /\r\nX-Odd-CASE: kept\r\nX-Odd-CASE: twice\r\n/)
  t.match(text, /\r\nSec-WebSocket-Protocol: chat, superchat\r\n/)
  t.notMatch(text, /keep-alive: |proxy-connection|\r\nte:|nominated|192\.0\.2\.6/i)
  t.match(
    text,
    /\r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: lyncweb/,
  )
  t.equal(text.match(/\r\nhost: /gi)?.length, 1)
  t.match(text, new RegExp(`\r\n${HOST}\r\n`, 'i'))
  t.equal(text.match(/\r\nconnection: Upgrade\r\n/gi)?.length, 1)
  t.equal(text.match(/\r\nupgrade: websocket\r\n/gi)?.length, 1)
  t.match(answer, /\r\nX-Odd-CASE: 1\r\n/)
  t.match(answer, new RegExp(`\r\nSet-Cookie: ${AFFINITY_COOKIE}=`))
  t.equal(answer.match(/\r\nconnection: upgrade\r\n/gi)?.length, 1)
})

t.test('the cookie keeps the server, and is not set again', async (t) => {
  const servers = [
    await startRecordingBackend(t, (socket) => socket.write(switching('X-Server: 0'))),
    await startRecordingBackend(t, (socket) => socket.write(switching('X-Server: 1'))),
  ]
  const { httpPort } = await startTestProxy(t, { servers })
  const first = await openRawClient(t, { port: httpPort })
  first.send(upgradeRequest())
  const answer = await first.until((got) => got.endsWith('\r\n\r\n'))
  const cookie = /MS-WSMAN=[^;]+/.exec(answer)?.[0]
  const server = /X-Server: \d/.exec(answer)?.[0]
  for (let n = 0; n < 4; n++) {
    const client = await openRawClient(t, { port: httpPort })
    client.send(upgradeRequest('/', `Cookie: ${cookie}`))
    const next = await client.until((got) => got.endsWith('\r\n\r\n'))
    t.match(next, server)
    t.notMatch(next, /set-cookie/i)
  }
})

t.test('an unpublished host is refused', async (t) => {
  const { backend, client } = await open(t)
  client.send(upgradeRequest().replace(HOST, 'Host: elsewhere.contoso.com'))
  t.match(await client.closed(), /^HTTP\/1\.1 421 /)
  t.equal(backend.connections.length, 0)
})

t.test('CONNECT and TRACE are refused', async (t) => {
  for (const method of ['CONNECT lyncweb.contoso.com:443', 'TRACE /']) {
    const { client } = await open(t)
    client.send(`${method} HTTP/1.1\r\n${HOST}\r\n\r\n`)
    t.match(await client.until((got) => got.endsWith('\n')), /^HTTP\/1\.1 405 [\s\S]*\r\nAllow: /)
  }
})
