import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { freePorts } from '../support/free-ports.ts'
import {
  closed,
  connectClient,
  readAll,
  readSome,
  type StreamProxy,
  startStreamProxy,
  startStreamServer,
  streamEntry,
} from '../support/stream-proxy.ts'
import {
  alpnExtension,
  helloBody,
  message,
  records,
  serverNameExtension,
} from '../support/tls-bytes.ts'

/** Servers that say who they are. */
async function startNamed(t: Test, ...names: readonly string[]): Promise<number[]> {
  const servers = await Promise.all(
    names.map((name) => startStreamServer(t, (socket) => socket.write(name))),
  )
  return servers.map(({ port }) => port)
}

/** Connects and hears who answers. */
async function ask(t: Test, proxy: StreamProxy, name = 'SIP'): Promise<[string, Socket]> {
  const client = await connectClient(t, proxy.streamPort(name))
  return [await readSome(client), client]
}

t.test('least connections', async (t) => {
  const ports = await startNamed(t, 'a', 'b', 'c')
  const proxy = await startStreamProxy(t, [streamEntry('SIP', ports)])
  const answers: string[] = []
  for (let turn = 0; turn < 6; turn++) answers.push((await ask(t, proxy))[0])
  t.same(answers.sort(), ['a', 'a', 'b', 'b', 'c', 'c'])
})

t.test('the address of the client', async (t) => {
  const ports = await startNamed(t, 'a', 'b', 'c')
  const proxy = await startStreamProxy(t, [streamEntry('SIP', ports, 'affinity: source')])
  const answers = new Set<string>()
  for (let turn = 0; turn < 5; turn++) answers.add((await ask(t, proxy))[0])
  t.equal(answers.size, 1)
})

t.test(
  'another server while not a byte has been sent, and the dead one is left alone',
  async (t) => {
    const [dead = 0] = await freePorts(1)
    const [alive = 0] = await startNamed(t, 'alive')
    const proxy = await startStreamProxy(t, [streamEntry('SIP', [dead, alive])])
    const clients: Socket[] = []
    for (let turn = 0; turn < 6; turn++) {
      const [answer, client] = await ask(t, proxy)
      t.equal(answer, 'alive')
      clients.push(client)
    }
    t.match(await proxy.line(({ msg }) => msg === 'server ejected'), {
      pool: 'SIP',
      server: `127.0.0.1:${dead}`,
      reason: 'ECONNREFUSED',
    })
    for (const client of clients) client.resetAndDestroy()
    const lines = await Promise.all(clients.map((_, index) => proxy.streamLine('SIP', index + 1)))
    t.equal(lines.filter(({ affinity }) => affinity === 'failover').length, 1)
  },
)

t.test('what the client has sent meanwhile goes to the server that takes over', async (t) => {
  const [dead = 0] = await freePorts(1)
  const server = await startStreamServer(t)
  const entry = `{ name: SIP, listen: 5061, address: 127.0.0.1, servers: ["127.0.0.1:${dead}", "127.0.0.1:${server.port}"], affinity: none, health: { check: none } }`
  const proxy = await startStreamProxy(t, [entry])
  for (let nth = 1; nth <= 3; nth++) {
    const client = await connectClient(t, proxy.streamPort('SIP'))
    client.end('sent at once')
    const backend = await server.connection(nth)
    t.equal((await readAll(backend)).toString(), 'sent at once')
  }
})

t.test('active checks find a server that is gone, and one that is back', async (t) => {
  const [port = 0] = await freePorts(1)
  const [alive = 0] = await startNamed(t, 'alive')
  const entry = (name: string, ports: readonly number[]): string =>
    streamEntry(name, ports).replace('check: none', 'check: tcp, interval: 100ms, rise: 1, fall: 1')
  const proxy = await startStreamProxy(t, [entry('SIP', [port, alive])])
  const where = { pool: 'SIP', server: `127.0.0.1:${port}`, check: `tcp:${port}` }
  t.match(await proxy.line(({ msg }) => msg === 'server is unhealthy'), where)
  for (let turn = 0; turn < 3; turn++) t.equal((await ask(t, proxy))[0], 'alive')
  await startStreamServer(t, (socket) => socket.write('back'), port)
  const isBack = ({ msg, server }: { msg: string; server?: string | undefined }): boolean =>
    msg === 'server is healthy' && server === where.server
  await proxy.line(isBack)
  const answers = new Set<string>()
  for (let turn = 0; turn < 30; turn++) answers.add((await ask(t, proxy))[0])
  t.ok(answers.has('back'), 'eased in')
})

t.test('a server that is drained by command keeps what it has', async (t) => {
  const ports = await startNamed(t, 'a', 'b')
  const proxy = await startStreamProxy(t, [streamEntry('SIP', ports)])
  const [, first] = await ask(t, proxy)
  const [, second] = await ask(t, proxy)
  proxy.proxy.drain(`SIP/127.0.0.1:${ports[0]}`, true)
  for (let turn = 0; turn < 4; turn++) t.equal((await ask(t, proxy))[0], 'b')
  t.notOk(first.closed || second.closed)
  proxy.proxy.drain(`SIP/127.0.0.1:${ports[0]}`, false)
  t.equal((await ask(t, proxy))[0], 'a')
})

const hello = (name: string | undefined, ...protocols: readonly string[]): Buffer =>
  message(
    1,
    helloBody(
      ...(name === undefined ? [] : [serverNameExtension(name)]),
      ...(protocols.length === 0 ? [] : [alpnExtension(protocols)]),
    ),
  )

t.test('the name and the protocols of the ClientHello, which arrives as it was sent', async (t) => {
  const servers = await Promise.all(['default', 'xphone', 'web'].map(() => startStreamServer(t)))
  const [plain = 0, xphone = 0, web = 0] = servers.map(({ port }) => port)
  const proxy = await startStreamProxy(t, [
    streamEntry(
      'SIP',
      [plain],
      `routes: [
        { name: web, sni: [sip.contoso.com], alpn: [http/1.1], servers: ["127.0.0.1:${web}"] },
        { name: xphone, sni: [xphone.contoso.com, "*.fabrikam.com"], servers: ["127.0.0.1:${xphone}"] } ]`,
    ),
  ])
  const taken = new Map(servers.map((server) => [server, 0]))
  let nth = 0
  const reaches = async (bytes: Buffer, index: number, what: string, pieces = [bytes]) => {
    const server = servers[index] as (typeof servers)[number]
    const client = await connectClient(t, proxy.streamPort('SIP'))
    for (const [at, piece] of pieces.entries()) {
      client.write(piece)
      if (at < pieces.length - 1) await new Promise(setImmediate)
    }
    const count = (taken.get(server) ?? 0) + 1
    taken.set(server, count)
    const backend = await server.connection(count)
    client.end('and on')
    t.same(await readAll(backend), Buffer.concat([...pieces, Buffer.from('and on')]), what)
    backend.end()
    client.resume()
    return proxy.streamLine('SIP', ++nth)
  }
  const named = records(hello('xphone.contoso.com'))
  const line = await reaches(named, 1, 'a name')
  t.match(line, { route: 'xphone', sni: 'xphone.contoso.com', server: `127.0.0.1:${xphone}` })
  await reaches(records(hello('A.Fabrikam.com')), 1, 'a name under a wildcard')
  await reaches(records(hello('a.b.fabrikam.com')), 0, 'a name two labels below it')
  await reaches(records(hello('other.contoso.com')), 0, 'a name of no route')
  await reaches(records(hello(undefined)), 0, 'no name')
  await reaches(records(hello('sip.contoso.com', 'sip')), 0, 'the name, but not the protocol')
  const both = await reaches(records(hello('sip.contoso.com', 'h2', 'http/1.1')), 2, 'both')
  t.same(both.alpn, ['h2', 'http/1.1'])
  await reaches(Buffer.from('OPTIONS sip:contoso.com SIP/2.0\r\n'), 0, 'no TLS')
  await reaches(Buffer.from([22, 3, 1, 0xff, 0xff, 1]), 0, 'a record that cannot be')
  const split = records(hello('xphone.contoso.com'), 20)
  await reaches(split, 1, 'in many records')
  const bytes = [...split].map((byte) => Buffer.from([byte]))
  await reaches(split, 1, 'in many records, and byte by byte', bytes)
  const long = message(1, Buffer.alloc(17_000))
  await reaches(records(long), 0, 'longer than anybody reads')
})

t.test('before the ClientHello no server is connected', async (t) => {
  const server = await startStreamServer(t)
  const route = `routes: [{ name: R, alpn: [sip], servers: ["127.0.0.1:${server.port}"] }]`
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port], route)])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const bytes = records(hello(undefined, 'sip'))
  client.write(bytes.subarray(0, -1))
  while (proxy.counts('SIP').open === 0) await new Promise(setImmediate)
  t.equal(server.sockets.length, 0)
  client.write(bytes.subarray(-1))
  await server.connection()
  client.resetAndDestroy()
  t.match(await proxy.streamLine('SIP'), { route: 'R' })
})

t.test('a PROXY header goes before the first byte', async (t) => {
  for (const [version, expected] of [
    ['v1', /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/],
    ['v2', /^0d0a0d0a000d0a515549540a2111000c7f0000017f000001.{8}$/],
  ] as const) {
    const server = await startStreamServer(t)
    const proxy = await startStreamProxy(t, [
      streamEntry('SIP', [server.port], `proxyProtocol: ${version}`),
    ])
    const client = await connectClient(t, proxy.streamPort('SIP'))
    const backend = await server.connection()
    if (backend.readableLength === 0) await once(backend, 'readable')
    client.end('hello')
    const bytes = await readAll(backend)
    t.equal(bytes.subarray(-5).toString(), 'hello')
    const header = bytes.subarray(0, -5)
    const text = version === 'v1' ? header.toString('latin1').trimEnd() : header.toString('hex')
    t.match(text, expected)
    if (version === 'v1') t.ok(text.endsWith(` ${client.localPort} ${proxy.streamPort('SIP')}`))
    client.destroy()
    await closed(client)
  }
})
