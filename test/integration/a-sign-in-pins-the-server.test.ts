/** From the first sign of connection-bound authentication a client connection has one server connection until its end. */
import t from 'tap'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const ok = (fields = ''): string => `HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`
const challenge = (offers: readonly string[], fields = ''): string =>
  `HTTP/1.1 401 Unauthorized\r\n${offers.map((offer) => `WWW-Authenticate: ${offer}\r\n`).join('')}${fields}Content-Length: 0\r\n\r\n`

const signs = [
  'NTLM TlRMTVNTUAABAAAA',
  'ntlm TlRMTVNTUAABAAAA',
  'Negotiate YII=',
  'NEGOTIATE YII=',
  'Nego2 YII=',
  'Kerberos YII=',
]

for (const authorization of signs) {
  t.test(`a request with "${authorization}" pins without a 401 before it`, async (t) => {
    const backends = [
      await startRecordingBackend(t, (socket) => socket.write(ok('X-Server: 0\r\n'))),
      await startRecordingBackend(t, (socket) => socket.write(ok('X-Server: 1\r\n'))),
    ]
    const proxy = await startTestProxy(t, { servers: backends })
    const cookies: string[] = []
    for (let n = 0; n < 8 && new Set(cookies).size < 2; n++) {
      const visitor = await connectThrough(t, proxy, 'http')
      const answer = await visitor.request('GET /', [HOST])
      cookies.push((answer.header('set-cookie') ?? '').split(';')[0] ?? '')
    }
    const [one, other] = new Set(cookies)
    const client = await connectThrough(t, proxy, 'http')
    const first = await client.request('GET /signed-in', [
      HOST,
      `Cookie: ${one}`,
      `Authorization: ${authorization}`,
    ])
    const second = await client.request('GET /later', [HOST, `Cookie: ${other}`])
    t.equal(second.header('x-server'), first.header('x-server'), 'the pin goes before the cookie')
    t.equal(second.header('set-cookie'), undefined, 'the cookie is left as it is')
    const third = await client.request('GET /unknown', [HOST, 'Cookie: MS-WSMAN=unknown'])
    t.equal((third.header('set-cookie') ?? '').split(';')[0], one, 'an unknown value is re-issued')
    t.match(await proxy.line((line) => line.target === '/later'), { pinned: true, affinity: 'pin' })
  })
}

t.test('basic and bearer credentials do not pin', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(ok()))
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await connectThrough(t, proxy, 'http')
  await client.request('GET /basic', [HOST, 'Authorization: Basic YTpi'])
  await client.request('GET /bearer', [HOST, 'Authorization: Bearer cwt=abc'])
  t.match(await proxy.line((line) => line.target === '/bearer'), { pinned: false })
})

t.test('a 401 that offers it pins too, and its lines arrive as they were', async (t) => {
  const offers = ['Bearer trusted_issuers=""', 'Negotiate', 'NTLM']
  const backend = await startRecordingBackend(t, (socket) => socket.write(challenge(offers)))
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await connectThrough(t, proxy, 'http')
  const answer = await client.request('GET /first', [HOST])
  t.same(answer.all('www-authenticate'), offers)
  t.match(await proxy.line((line) => line.target === '/first'), { pinned: true })
})

t.test('the server closes between type 1 and type 3: the client connection closes', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.includes('NTLM T1')) socket.write(challenge(['NTLM T2']), () => socket.end())
  })
  const proxy = await startTestProxy(t, { servers: [backend, { httpPort: 9 }] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nAuthorization: NTLM T1\r\n\r\n`)
  t.match(await client.closed(), /401 Unauthorized[\s\S]*NTLM T2/)
  t.equal(backend.connections.length, 1, 'nobody reconnects')
})

t.test('the server closes on the type 3: 503, closed, and no second try', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.includes('NTLM T3')) socket.destroy()
    else socket.write(challenge(['NTLM T2']))
  })
  const proxy = await startTestProxy(t, { servers: [backend, { httpPort: 9 }] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nAuthorization: NTLM T1\r\n\r\n`)
  await client.until((text) => text.includes('NTLM T2'))
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nAuthorization: NTLM T3\r\n\r\n`)
  t.match(await client.closed(), /HTTP\/1\.1 503 [\s\S]*\r\nConnection: close\r\n/)
  t.equal(backend.connections.length, 1)
})

t.test('a pinned connection lost while idle closes the client connection', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(ok()))
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\nAuthorization: NTLM T3\r\n\r\n`)
  await client.until((text) => text.endsWith('\r\n\r\n'))
  const connection = await backend.connection(0)
  connection.socket.end()
  t.match(await client.closed(), /^HTTP\/1\.1 200 OK\r\n[^\0]*\r\n\r\n$/)
})

t.test('one that is not pinned is opened again', async (t) => {
  const backend = await startRecordingBackend(t, (socket, _text, connection) =>
    socket.write(ok(`X-Connection: ${connection}\r\n`)),
  )
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await connectThrough(t, proxy, 'http')
  await client.request('GET /1', [HOST])
  const connection = await backend.connection(0)
  connection.socket.end()
  await t.rejects(connection.until(() => false))
  const answer = await client.request('GET /2', [HOST])
  t.equal(answer.header('x-connection'), '1')
})

t.test('"Connection: close" of the server', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    const fields = 'Connection: close\r\n'
    socket.end(text.includes('/offer') ? challenge(['NTLM'], fields) : ok(fields))
  })
  const proxy = await startTestProxy(t, { servers: [backend] })
  t.test('ends a pinned client connection after the answer', async (t) => {
    for (const fields of [
      'GET /signed HTTP/1.1\r\nAuthorization: NTLM T3',
      'GET /offer HTTP/1.1',
    ]) {
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(`${fields}\r\n${HOST}\r\n\r\n`)
      t.match(await client.closed(), /\r\nConnection: close\r\n/)
    }
  })
  t.test('is no business of a client that is not pinned', async (t) => {
    const client = await connectThrough(t, proxy, 'http')
    const first = await client.request('GET /1', [HOST])
    t.equal(first.header('connection'), undefined)
    t.equal((await client.request('GET /2', [HOST])).status, 200)
  })
})
