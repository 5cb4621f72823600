/** What changes in the file changes in the running proxy: rules, pools, listeners, limits, log. */
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { connectRaw, type RawClient } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { openRawClient } from '../support/raw-client.ts'
import {
  type RulesParts,
  ruleLine,
  rulesText,
  startReloadingProxy,
} from '../support/reloading-proxy.ts'

const answer = (name: string): string =>
  `HTTP/1.1 200 OK\r\nX-Server: ${name}\r\nContent-Length: 0\r\n\r\n`

async function clientOf(t: Test, port: number): Promise<RawClient> {
  const client = await connectRaw({ port })
  t.teardown(() => client.close())
  return client
}

/** One plain listener, two pools, one rule. */
async function startPlain(t: Test) {
  const [port = 0, other = 0] = await freePorts(2)
  const parts: RulesParts = {
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
    pools: {
      one: [await startAnsweringBackend(t, answer('one'))],
      two: [await startAnsweringBackend(t, answer('two'))],
    },
    rules: [ruleLine('Web', 'web.example', 'one')],
  }
  const proxy = await startReloadingProxy(t, { rules: rulesText(parts) })
  const change = (changed: Partial<RulesParts>) => proxy.change(rulesText({ ...parts, ...changed }))
  return { ...proxy, parts, port, other, change }
}

t.test('a rule is added, changed and removed, for connections that stand too', async (t) => {
  const { port, change, parts, line } = await startPlain(t)
  const client = await clientOf(t, port)
  const serverOf = async (host: string): Promise<string | number> => {
    const got = await client.request('GET /', [`Host: ${host}`])
    return got.header('x-server') ?? got.status
  }
  t.equal(await serverOf('web.example'), 'one')
  t.equal(await serverOf('new.example'), 421)
  t.match(await change({ rules: [...parts.rules, ruleLine('New', 'new.example', 'two')] }), {
    kind: 'reloaded',
    revision: 2,
    changes: { rules: 1 },
  })
  t.equal(await serverOf('new.example'), 'two')
  await change({ rules: [ruleLine('Web', 'web.example', 'two')] })
  t.equal(await serverOf('web.example'), 'two')
  t.equal(await serverOf('new.example'), 421)
  t.match(await line(({ host, revision }) => host === 'web.example' && revision === 3), {
    rule: 'Web',
    pool: 'two',
  })
})

t.test('the same bytes change nothing', async (t) => {
  const { change, put, reloader, lines, parts } = await startPlain(t)
  t.match(await change({}), { kind: 'unchanged', revision: 1 })
  t.equal(lines.at(-1)?.msg, 'reload: nothing has changed')
  await put('lyncgate.yaml', `${rulesText(parts)}# a comment`)
  t.match(await reloader.reload('command'), { kind: 'reloaded', revision: 2, changes: {} })
})

t.test('a listener is added and removed', async (t) => {
  const { port, other, change, parts, runtime } = await startPlain(t)
  const inner = `{ name: inner, address: 127.0.0.1, http: ${other} }`
  t.match(await change({ listeners: [...parts.listeners, inner] }), { changes: { listeners: 1 } })
  t.same(runtime.ports, [
    { name: 'internet', httpPort: port, httpsPort: undefined },
    { name: 'inner', httpPort: other, httpsPort: undefined },
  ])
  const client = await clientOf(t, other)
  t.equal((await client.request('GET /', ['Host: web.example'])).status, 200)
  await change({})
  await client.closed
  await t.rejects(connectRaw({ port: other }), { code: 'ECONNREFUSED' })
  t.equal((await (await clientOf(t, port)).request('GET /', ['Host: web.example'])).status, 200)
})

t.test('a listener moves to another port', async (t) => {
  const { port, other, change, line } = await startPlain(t)
  const client = await clientOf(t, port)
  await client.request('GET /before', ['Host: web.example'])
  await change({ listeners: [`{ name: internet, address: 127.0.0.1, http: ${other} }`] })
  await client.closed
  await t.rejects(connectRaw({ port }), { code: 'ECONNREFUSED' })
  await (await clientOf(t, other)).request('GET /after', ['Host: web.example'])
  t.match(await line(({ target }) => target === '/after'), { revision: 2, listener: 'internet' })
})

t.test('a port gets another name and another protocol, without being closed', async (t) => {
  const { port, other, change, authority, line } = await startPlain(t)
  const pools = { listeners: [`{ name: renamed, address: 127.0.0.1, http: ${port} }`] }
  const before = await clientOf(t, port)
  await change(pools)
  await before.closed
  await (await clientOf(t, port)).request('GET /renamed', ['Host: web.example'])
  t.match(await line(({ target }) => target === '/renamed'), { listener: 'renamed' })

  await change({
    listeners: [`{ name: renamed, address: 127.0.0.1, http: ${other}, https: ${port} }`],
  })
  const tls = { ca: authority.certificatePem, serverName: 'lyncweb.contoso.com' }
  const secure = await connectRaw({ port, tls })
  t.equal((await secure.request('GET /', ['Host: elsewhere.example'])).status, 421)
  secure.close()
})

t.test('head size and time-outs for new connections', async (t) => {
  const { port, change } = await startPlain(t)
  const large = ['Host: web.example', `X-Large: ${'x'.repeat(20_000)}`]
  t.equal((await (await clientOf(t, port)).request('GET /', large)).status, 200)
  const top = 'limits: { head: 16KiB }\ntimeouts: { keepAlive: 1s, requestHead: 1s }'
  t.match(await change({ top }), { changes: { settings: 2 } })
  t.equal((await (await clientOf(t, port)).request('GET /', large)).status, 431)
  const idle = await openRawClient(t, { port })
  idle.send('GET / HTTP/1.1\r\nHost: web.example\r\n\r\n')
  t.match(await idle.closed(), /^HTTP\/1\.1 200 /, 'keep-alive ends')
  const slow = await openRawClient(t, { port })
  slow.send('GET / HTTP/1.1\r\n')
  t.match(await slow.closed(), /^HTTP\/1\.1 408 /, 'late heads are looked for')
})

t.test('handshake time and TLS profile for new handshakes', async (t) => {
  const { port, change, authority } = await startPlain(t)
  const listener = (tls: string): Partial<RulesParts> => ({
    listeners: [`{ name: internet, address: 127.0.0.1, https: ${port}, tls: ${tls} }`],
    top: 'timeouts: { handshake: 1s }',
  })
  const versionOf = (): Promise<string | null> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        servername: 'lyncweb.contoso.com',
        ca: authority.certificatePem,
        maxVersion: 'TLSv1.2',
      })
      socket.once('secureConnect', () => resolve(socket.getProtocol()))
      socket.once('error', reject)
      t.teardown(() => socket.destroy())
    })
  await change(listener('compatible'))
  t.equal(await versionOf(), 'TLSv1.2')
  await change(listener('modern'))
  await t.rejects(versionOf())
  await (await openRawClient(t, { port })).closed()
})

t.test('connections per client', async (t) => {
  const { port, change } = await startPlain(t)
  const clients = [await clientOf(t, port), await clientOf(t, port)]
  await change({ top: 'limits: { connectionsPerClient: 2 }' })
  await (await openRawClient(t, { port })).closed()
  for (const client of clients)
    t.equal((await client.request('GET /', ['Host: web.example'])).status, 200)
})

t.test('the health port moves, comes and goes', async (t) => {
  const { other, change, runtime } = await startPlain(t)
  const [third = 0] = await freePorts(1)
  t.equal(runtime.healthPort, undefined)
  const health = async (port: number): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/readyz`)).status
  await change({ top: `health: { address: 127.0.0.1, port: ${other} }` })
  t.equal(await health(other), 200)
  await change({ top: `health: { address: 127.0.0.1, port: ${third} }` })
  t.equal(await health(third), 200)
  await change({})
  t.equal(runtime.healthPort, undefined)
})

t.test('trusted proxies, access lines and log level', async (t) => {
  const { port, change, line, lines } = await startPlain(t)
  const client = await clientOf(t, port)
  const ask = (target: string) =>
    client.request(`GET ${target}`, ['Host: web.example', 'X-Forwarded-For: 192.0.2.7'])
  await ask('/distrusted')
  t.match(await line(({ target }) => target === '/distrusted'), { client: '127.0.0.1' })
  await change({ top: 'trustedProxies: [127.0.0.1/32]' })
  await ask('/trusted')
  t.match(await line(({ target }) => target === '/trusted'), { client: '192.0.2.7' })
  await change({ top: 'log: { access: off }' })
  await ask('/unlogged')
  await change({ top: 'log: { level: error }' })
  await ask('/logged-all-the-same')
  await line(({ target }) => target === '/logged-all-the-same')
  await change({})
  await ask('/logged')
  await line(({ target }) => target === '/logged')
  t.notOk(lines.some(({ target }) => target === '/unlogged'))
})
