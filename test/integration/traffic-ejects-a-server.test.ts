/** Passive checks: what requests meet at a server keeps the next ones away from it. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

const ejections = (proxy: TestProxy): number =>
  proxy.lines.filter(({ msg }) => msg === 'server ejected').length

/** The statuses that so many clients get, one after another. */
async function statuses(t: Test, proxy: TestProxy, clients: number): Promise<number[]> {
  const seen: number[] = []
  for (let n = 0; n < clients; n++) {
    const client = await connectThrough(t, proxy, 'http')
    seen.push((await client.request('GET /', [HOST])).status)
    client.close()
  }
  return seen
}

t.test('a black hole costs one client a time-out, not all of them', async (t) => {
  const authority = await createAuthority('Root')
  const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
  const hole = await startRecordingBackend(t) // it swallows the TLS handshake
  const good = await startRecordingBackend(t, (socket) => socket.write(OK), certificate)
  const top = 'timeouts: { connect: 200ms }'
  const proxy = await startTestProxy(t, { servers: [hole, good], authority, top })
  for (let n = 0; n < 12; n++) {
    const client = await connectThrough(t, proxy, 'https')
    t.equal((await client.request('GET /', [HOST])).status, 200)
  }
  t.equal(hole.connections.length, 1)
  t.match(await proxy.line(({ msg }) => msg === 'server ejected'), {
    reason: 'no connection within 200 ms',
  })

  const other = await startRecordingBackend(t)
  const holes = await startTestProxy(t, { servers: [hole, other], authority, top })
  const client = await connectThrough(t, holes, 'https')
  for (let n = 0; n < 3; n++) t.equal((await client.request('GET /', [HOST])).status, 503)
  t.equal(ejections(holes), 1, 'the last one is not ejected, and the other not over and over')
})

t.test('a server that resets every request', async (t) => {
  const broken = await startRecordingBackend(t, (socket) => socket.destroy())
  const good = await startRecordingBackend(t, (socket) => socket.write(OK))
  const proxy = await startTestProxy(t, { servers: [broken, good] })
  const seen = await statuses(t, proxy, 40)
  t.equal(seen.filter((status) => status === 503).length, 5, 'five in a row, then none')
  t.equal(broken.connections.length, 5)
  t.match(await proxy.line(({ msg }) => msg === 'server ejected'), {
    pool: 'pool01',
    server: `127.0.0.1:${broken.httpsPort}`,
    level: 40,
    forMs: 5_000,
  })
})

t.test('one client that provokes resets does not eject a server that others use', async (t) => {
  const backend = async () =>
    startRecordingBackend(t, (socket, text) => {
      if (text.includes('/poison')) socket.destroy()
      else socket.write(OK)
    })
  const proxy = await startTestProxy(t, { servers: [await backend(), await backend()] })
  for (let n = 0; n < 20; n++) {
    const client = await connectThrough(t, proxy, 'http')
    await client.request('GET /poison', [HOST])
    t.same(await statuses(t, proxy, 2), [200, 200])
  }
  t.equal(ejections(proxy), 0)
})

t.test('silence counts like a reset', async (t) => {
  const waiting: Socket[] = []
  let arrived = 0
  // The good one answers when all have been sent, so that the silent one gets its share.
  const arrive = (): void => {
    arrived++
    if (arrived >= 20) for (const socket of waiting.splice(0)) socket.write(OK)
  }
  const silent = await startRecordingBackend(t, arrive)
  const good = await startRecordingBackend(t, (socket) => {
    waiting.push(socket)
    arrive()
  })
  const proxy = await startTestProxy(t, {
    servers: [silent, good],
    top: 'timeouts: { response: 1s }',
  })
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => connectThrough(t, proxy, 'http')),
  )
  const answers = await Promise.all(clients.map((client) => client.request('GET /', [HOST])))
  t.equal(answers.filter(({ status }) => status === 504).length, 10)
  t.match(await proxy.line(({ msg }) => msg === 'server ejected'), { reason: 'response time-out' })
  t.equal(ejections(proxy), 1)
  t.same(new Set(await statuses(t, proxy, 10)), new Set([200]))
})

t.test('the last usable server is never ejected', async (t) => {
  const one = await startRecordingBackend(t, (socket) => socket.destroy())
  const alone = await startTestProxy(t, { servers: [one] })
  t.same(new Set(await statuses(t, alone, 12)), new Set([503]))
  t.equal(one.connections.length, 12, 'each request was given its chance')
  t.equal(ejections(alone), 0)

  const two = await startRecordingBackend(t, (socket) => socket.destroy())
  const both = await startTestProxy(t, { servers: [one, two] })
  await statuses(t, both, 30)
  t.equal(ejections(both), 1)
})

t.test('the end of a kept connection says nothing about the server', async (t) => {
  const backend = async () =>
    startRecordingBackend(t, (socket, text) => {
      if (text.split('\r\n\r\n').length > 2) socket.destroy()
      else socket.write(OK)
    })
  const proxy = await startTestProxy(t, { servers: [await backend(), await backend()] })
  for (let n = 0; n < 20; n++) {
    const client = await connectThrough(t, proxy, 'http')
    const { header } = await client.request('GET /', [HOST])
    const cookie = `Cookie: ${(header('set-cookie') ?? '').split(';')[0]}`
    t.equal((await client.request('GET /', [HOST, cookie])).status, 503)
  }
  t.equal(ejections(proxy), 0)
})
