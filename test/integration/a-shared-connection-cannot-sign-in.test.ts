/** A proxy before us that sends several clients through one connection would let them share a sign-in (RFC 4559 6). */
import t from 'tap'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

t.test('from a trusted proxy', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(OK))
  const proxy = await startTestProxy(t, {
    servers: [backend],
    top: 'trustedProxies: [127.0.0.1/32]',
  })
  const from = (address: string): string => `X-Forwarded-For: ${address}`

  t.test('two clients: both are served, and neither may sign in', async (t) => {
    const client = await connectThrough(t, proxy, 'http')
    t.equal((await client.request('GET /a', [HOST, from('192.0.2.1')])).status, 200)
    t.equal((await client.request('GET /b', [HOST, from('192.0.2.2')])).status, 200)
    const refused = await client.request('GET /mixed', [
      HOST,
      from('192.0.2.1'),
      'Authorization: NTLM T1',
    ])
    t.equal(refused.status, 400)
    await client.closed
    t.match(await proxy.line((line) => line.target === '/mixed'), {
      outcome: 'client-identities-mixed',
    })
  })

  t.test('a second client never gets on a connection that somebody signed in on', async (t) => {
    const client = await connectThrough(t, proxy, 'http')
    const alice = [HOST, from('192.0.2.3')]
    t.equal((await client.request('GET /', [...alice, 'Authorization: NTLM T3'])).status, 200)
    t.equal((await client.request('GET /', alice)).status, 200)
    const before = backend.connections.map(({ text }) => text.length)
    t.equal((await client.request('GET /', [HOST, from('192.0.2.4')])).status, 400)
    await client.closed
    t.same(
      backend.connections.map(({ text }) => text.length),
      before,
      'nothing of it reached the server',
    )
  })

  t.test('one client signs in', async (t) => {
    const client = await connectThrough(t, proxy, 'http')
    for (const authorization of ['NTLM T1', 'NTLM T3']) {
      const fields = [HOST, from('192.0.2.5'), `Authorization: ${authorization}`]
      t.equal((await client.request('GET /', fields)).status, 200)
    }
  })
})

t.test('the field of anybody else means nothing', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(OK))
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await connectThrough(t, proxy, 'http')
  await client.request('GET /', [HOST, 'X-Forwarded-For: 192.0.2.1'])
  await client.request('GET /', [HOST, 'X-Forwarded-For: 192.0.2.2'])
  t.equal((await client.request('GET /', [HOST, 'Authorization: NTLM T1'])).status, 200)
})
