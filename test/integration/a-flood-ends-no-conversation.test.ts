/** When there is no room, what is in use goes on; what is not makes room, and new ones are told. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { connectRaw, type RawClient, type RawResponse } from '../../src/lab/raw-client.ts'
import { signIn } from '../../src/ntlm/ntlm-client.ts'
import { credentialsOf, HOST, type LabProxy, startLabProxy } from '../support/lab-proxy.ts'

const MOST = 12

/** Of an upload, which `def` completes. */
const START = `POST /lab/echo HTTP/1.1\r\n${HOST}\r\nContent-Length: 6\r\n\r\nabc`

/** Connections that do what they like, and are gone when the test is. */
async function flood(t: Test, port: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  for (let n = 0; n < count; n++) {
    const client = await connectRaw({ port, localAddress: `127.0.2.${1 + (n % 200)}` })
    client.socket.on('error', () => {})
    t.teardown(() => client.close())
    clients.push(client)
  }
  return clients
}

/** Asks on new connections until it is answered so: what makes room has to be idle for a while. */
async function untilAnswered({ httpPort }: LabProxy, status: number): Promise<RawResponse> {
  for (;;) {
    const client = await connectRaw({ port: httpPort })
    const answer = await client.request('GET /lab/echo', [HOST]).catch(() => undefined)
    client.close()
    if (answer?.status === status) return answer
    await sleep(50)
  }
}

t.test('a signed-in long poll and an upload go on, whatever comes', async (t) => {
  const proxy = await startLabProxy(t, { top: `limits: { connections: ${MOST} }` })
  const { lab, connect, httpPort, httpsPort } = proxy
  const poll = await connect('https')
  const ask = (authorization: string) =>
    poll.request('GET /lab/echo-ntlm', [HOST, `Authorization: ${authorization}`])
  t.equal((await signIn(ask, credentialsOf(lab, 'alice'), 'NTLM')).status, 200)
  poll.send(`GET /ucwa/v1/applications/one/events?ack=1&timeout=900 HTTP/1.1\r\n${HOST}\r\n\r\n`)
  const upload = await connect('https')
  upload.send(START)
  while (!lab.isWaiting('one')) await sleep(10)

  const talking = await flood(t, httpPort, MOST)
  for (const client of talking) client.send(START)
  await flood(t, httpPort, 100)
  const halves = await flood(t, httpPort, 100)
  for (const client of halves) client.send('GET / HTTP/1.1\r\nHost: lync')
  await flood(t, httpsPort, 100)
  const told = await untilAnswered(proxy, 503)
  t.equal(told.header('retry-after'), '10')
  t.equal(told.header('connection'), 'close')
  t.match(told.body.toString(), 'The service is busy.')

  upload.send('def')
  t.equal((await upload.read()).status, 200, 'the upload ends well')
  lab.pushEvent('one', { message: 'hello' })
  t.match((await poll.read()).body.toString(), 'hello')
  const again = await poll.request('GET /lab/echo-ntlm', [HOST])
  t.equal(again.header('x-lab-user'), 'CONTOSO\\alice', 'and she is still signed in')
  t.match(await proxy.line(({ msg }) => msg === 'connection refused: limit reached'), { level: 40 })
})

t.test('idle connections make room for new ones', async (t) => {
  const proxy = await startLabProxy(t, { top: `limits: { connections: ${MOST} }` })
  const idle = await Promise.all(Array.from({ length: MOST }, () => proxy.connect('http')))
  for (const client of idle) t.equal((await client.request('GET /lab/echo', [HOST])).status, 200)
  t.ok(await untilAnswered(proxy, 200))
  t.ok(await Promise.race(idle.map(({ closed }) => closed.then(() => true))), 'one has gone for it')
  await proxy.line(({ msg }) => msg === 'idle connections are closed to make room')
})

t.test('heads that do not end, and handshakes that do not begin, make room', async (t) => {
  const proxy = await startLabProxy(t, { top: `limits: { connections: ${MOST} }` })
  const halves = await flood(t, proxy.httpPort, MOST / 2)
  for (const client of halves) client.send('GET / HTTP/1.1\r\nHost: lync')
  await flood(t, proxy.httpsPort, MOST / 2)
  t.ok(await untilAnswered(proxy, 200))
})

t.test('a client at its own limit is told so, and others do not notice', async (t) => {
  const proxy = await startLabProxy(t, { top: 'limits: { connectionsPerClient: 3 }' })
  for (let n = 0; n < 3; n++) {
    const client = await proxy.connect('http')
    client.send(START)
  }
  const other = await connectRaw({ port: proxy.httpPort, localAddress: '127.0.2.1' })
  t.teardown(() => other.close())
  t.equal((await other.request('GET /lab/echo', [HOST])).status, 200)
  for (const over of ['http', 'https'] as const) {
    const client = await proxy.connect(over)
    const answer = await client.request('GET /lab/echo', [HOST])
    t.equal(answer.status, 429)
    t.equal(answer.header('retry-after'), '10')
    await client.closed
  }
  t.match(await proxy.line(({ status }) => status === 429), { outcome: 'client-limit' })
})

t.test('whoever is told, and does not listen, goes soon', async (t) => {
  const proxy = await startLabProxy(t, { top: 'limits: { connections: 1 }' })
  const busy = await proxy.connect('http')
  busy.send(START)
  const silent = await proxy.connect('http')
  await silent.closed
  busy.send('def')
  t.equal((await busy.read()).status, 200)
})
