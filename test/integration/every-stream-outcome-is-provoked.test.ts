import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { streamOutcomes } from '../../src/streams/stream-outcome.ts'
import { freePorts } from '../support/free-ports.ts'
import {
  closed,
  connectClient,
  readAll,
  type StreamProxy,
  startStreamProxy,
  startStreamServer,
  streamEntry,
} from '../support/stream-proxy.ts'

const provoked = new Set<string>()

/** How the socket ends: `end` in good order, or the code of its error. */
const fateOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    const { errored } = socket as { errored: NodeJS.ErrnoException | null }
    if (errored) return resolve(errored.code ?? '')
    socket.resume()
    socket.once('end', () => resolve('end'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })

const check = async (t: Test, proxy: StreamProxy, outcome: string, nth = 1) => {
  const line = await proxy.streamLine('SIP', nth)
  t.equal(line.outcome, outcome)
  t.equal(proxy.counts('SIP').outcomes[outcome as 'done'], 1)
  provoked.add(outcome)
  return line
}

t.test('done', async (t) => {
  const server = await startStreamServer(t, (socket) => socket.end('x'))
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  await readAll(client)
  client.end()
  const line = await check(t, proxy, 'done')
  t.match(line, {
    stream: 'SIP',
    client: '127.0.0.1',
    server: `127.0.0.1:${server.port}`,
    affinity: 'balance',
    revision: 1,
    level: 30,
  })
  for (const ms of [line.connectMs, line.firstByteMs, line.totalMs]) t.type(ms, 'number')
  t.equal(proxy.proxy.openConnections, 0)
})

t.test('idle', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port], 'idle: 1s')])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const backend = await server.connection()
  t.same(await Promise.all([fateOf(client), fateOf(backend)]), ['end', 'end'])
  await check(t, proxy, 'idle')
})

t.test('idle counts again after each byte, and after the end of one side', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port], 'idle: 1s')])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const backend = await server.connection()
  client.end()
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 400))
    backend.write('x')
    await once(client, 'data')
  }
  t.equal(proxy.counts('SIP').open, 1, 'after more than a second')
  await closed(client)
  t.equal((await proxy.streamLine('SIP')).outcome, 'idle')
})

t.test('client-left: a reset goes on to the server', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const backend = await server.connection()
  const fate = fateOf(backend)
  client.resetAndDestroy()
  t.equal(await fate, 'ECONNRESET')
  t.equal((await check(t, proxy, 'client-left')).reason, 'ECONNRESET')
  t.equal((await server.connection()).errored?.message.includes('ECONNRESET'), true)
})

t.test('backend-broke-off: a server that dies', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const backend = await server.connection()
  backend.write('x')
  await once(client, 'data')
  const fate = fateOf(client)
  backend.resetAndDestroy()
  t.equal(await fate, 'ECONNRESET', 'nobody takes it for the end')
  t.equal((await check(t, proxy, 'backend-broke-off')).reason, 'ECONNRESET')
})

t.test('backend-unreachable', async (t) => {
  const [dead = 0] = await freePorts(1)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [dead])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  t.equal(await fateOf(client), 'ECONNRESET')
  const line = await check(t, proxy, 'backend-unreachable')
  t.match(line.reason, /ECONNREFUSED/)
  t.equal(line.server, `127.0.0.1:${dead}`)
})

t.test('backend-none-healthy', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [
    `{ name: SIP, listen: 5061, address: 127.0.0.1, servers: [{ address: 127.0.0.1, port: ${server.port}, drain: true }] }`,
  ])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  t.equal(await fateOf(client), 'ECONNRESET')
  t.match((await check(t, proxy, 'backend-none-healthy')).reason, /draining/)
})

t.test('client-hello-timeout, and a client that leaves before', async (t) => {
  const server = await startStreamServer(t)
  const route = `routes: [{ name: R, sni: [a.contoso.com], servers: ["127.0.0.1:${server.port}"] }]`
  const proxy = await startStreamProxy(
    t,
    [streamEntry('SIP', [server.port], route)],
    'timeouts: { handshake: 1s }',
  )
  const silent = await connectClient(t, proxy.streamPort('SIP'))
  silent.write(Buffer.from([22, 3, 1]))
  t.equal(await fateOf(silent), 'ECONNRESET')
  await check(t, proxy, 'client-hello-timeout')
  const leaving = await connectClient(t, proxy.streamPort('SIP'))
  leaving.end(Buffer.from([22, 3, 1]))
  t.match(await proxy.streamLine('SIP', 2), { outcome: 'client-left', clientBytes: 3 })
  t.equal(server.sockets.length, 0)
})

t.test('client-not-allowed', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [
    streamEntry('SIP', [server.port], 'allow: [192.0.2.0/24, "::1"]'),
    streamEntry('Open', [server.port], 'allow: [127.0.0.0/8]'),
  ])
  for (let turn = 0; turn < 5; turn++) {
    const client = await connectClient(t, proxy.streamPort('SIP'))
    await closed(client)
  }
  t.equal(proxy.counts('SIP').outcomes['client-not-allowed'], 5)
  const lines = proxy.lines.filter(({ msg }) => msg === 'stream refused')
  t.match(lines, [{ client: '127.0.0.1', outcome: 'client-not-allowed' }])
  t.equal(lines.length, 1, 'a flood is not one of lines')
  t.equal(server.sockets.length, 0)
  await connectClient(t, proxy.streamPort('Open'))
  await server.connection()
  provoked.add('client-not-allowed')
})

for (const [what, own, top] of [
  ['of the stream', 'connections: 2', ''],
  ['of the stream per client', 'connectionsPerClient: 2', ''],
  ['of all', '', 'limits: { connections: 2 }'],
  ['of all per client', '', 'limits: { connectionsPerClient: 2 }'],
] as const) {
  t.test(`client-limit: ${what}`, async (t) => {
    const server = await startStreamServer(t)
    const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port], own)], top)
    const first = await connectClient(t, proxy.streamPort('SIP'))
    await connectClient(t, proxy.streamPort('SIP'))
    await server.connection(2)
    await closed(await connectClient(t, proxy.streamPort('SIP')))
    t.match(proxy.counts('SIP'), { open: 2, outcomes: { 'client-limit': 1 } })
    t.match(await proxy.line(({ msg }) => msg === 'stream refused'), { outcome: 'client-limit' })
    first.resetAndDestroy()
    await proxy.streamLine('SIP')
    await connectClient(t, proxy.streamPort('SIP'))
    await server.connection(3)
    t.equal(proxy.proxy.openConnections, 2, 'what is over is given back')
    provoked.add('client-limit')
  })
}

t.test('proxy-stopping', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const backend = await server.connection()
  const [ofClient, ofBackend] = [fateOf(client), fateOf(backend)]
  client.write('still')
  t.equal((await once(backend, 'data')).toString(), 'still')
  const stopped = proxy.proxy.stop({ unreadyMs: 0, drainMs: 300 })
  t.equal(await ofClient, 'end', 'in good order')
  t.equal(await ofBackend, 'end')
  client.end()
  backend.end()
  await stopped
  await check(t, proxy, 'proxy-stopping')
})

t.test('log.access: off leaves the lines out, and counts all the same', async (t) => {
  const server = await startStreamServer(t, (socket) => socket.end())
  const proxy = await startStreamProxy(
    t,
    [streamEntry('SIP', [server.port])],
    'log: { access: off }',
  )
  const client = await connectClient(t, proxy.streamPort('SIP'))
  client.end()
  await closed(client)
  while (proxy.counts('SIP').open > 0) await new Promise(setImmediate)
  t.equal(proxy.counts('SIP').outcomes.done, 1)
  t.notOk(proxy.lines.some(({ msg }) => msg === 'stream'))
})

t.test('these are all', async (t) => {
  t.same([...provoked].sort(), [...streamOutcomes].sort())
})
