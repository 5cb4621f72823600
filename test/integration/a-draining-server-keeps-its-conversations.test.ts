/** `drain: true`: no new clients, and nobody who is there is sent away. */
import t from 'tap'
import { affinityKeyOf } from '../../src/pools/server.ts'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

t.test('drain', async (t) => {
  const leaving = await startRecordingBackend(t, (socket) => socket.write(OK))
  const staying = await startRecordingBackend(t, (socket) => socket.write(OK))
  const proxy = await startTestProxy(t, { servers: [{ ...leaving, drain: true }, staying] })
  const cookie = `Cookie: MS-WSMAN=${affinityKeyOf('pool01', '127.0.0.1', leaving.httpsPort)}`
  t.match(await proxy.line(({ msg }) => msg === 'pool is watched'), {
    drain: [`127.0.0.1:${leaving.httpsPort}`],
  })

  for (let n = 0; n < 10; n++) {
    const client = await connectThrough(t, proxy, 'http')
    await client.request('GET /', [HOST])
  }
  t.equal(leaving.connections.length, 0, 'it gets no new client')

  const known = await connectThrough(t, proxy, 'http')
  const answer = await known.request('GET /', [HOST, cookie])
  t.equal(leaving.connections.length, 1, 'a conversation goes on')
  t.equal(answer.header('set-cookie'), undefined)

  const signedIn = await connectThrough(t, proxy, 'http')
  await signedIn.request('GET /', [HOST, cookie, 'Authorization: NTLM TlRMTVNTUAABAAAA'])
  const later = await signedIn.request('GET /', [HOST])
  t.equal(later.header('set-cookie'), undefined, 'no new affinity to a server that leaves')
  t.equal(leaving.connections.length, 2)
})

t.test('when all are draining', async (t) => {
  const leaving = await startRecordingBackend(t, (socket) => socket.write(OK))
  const proxy = await startTestProxy(t, { servers: [{ ...leaving, drain: true }] })
  const client = await connectThrough(t, proxy, 'http')
  t.equal((await client.request('GET /', [HOST])).status, 503)
  t.match(await proxy.line(({ status }) => status === 503), {
    outcome: 'backend-none-healthy',
    reason: /draining$/,
  })
  t.equal(leaving.connections.length, 0)
})
