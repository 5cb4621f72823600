import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startCommand } from '../support/command.ts'
import { freePorts } from '../support/free-ports.ts'
import { startReloadingProxy } from '../support/reloading-proxy.ts'
import { closed, connectClient, readSome, startStreamServer } from '../support/stream-proxy.ts'

const rulesText = (httpPort: number, streams: readonly string[], top = ''): string => `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${httpPort} }]
pools: { web: { product: other, servers: [127.0.0.1], health: { check: none } } }
rules: [{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: web, http: forward }]
streams: [${streams.join(', ')}]
${top}`

const entry = (name: string, listen: number, port: number, more = ''): string =>
  `{ name: ${name}, listen: ${listen}, address: 127.0.0.1, servers: ["127.0.0.1:${port}"]${more}, health: { check: none } }`

t.test('streams come, change and go, and what stands goes on', async (t) => {
  const [http = 0, one = 0, two = 0] = await freePorts(3)
  const a = await startStreamServer(t, (socket) => socket.write('a'))
  const b = await startStreamServer(t, (socket) => socket.write('b'))
  const proxy = await startReloadingProxy(t, {
    rules: rulesText(http, [entry('SIP', one, a.port)]),
  })
  const first = await connectClient(t, one)
  t.equal(await readSome(first), 'a')

  const stillCarries = async (what: string): Promise<void> => {
    first.write(what)
    const backend = await a.connection()
    t.equal(await readSome(backend), what)
    backend.write(`${what} back`)
    t.equal(await readSome(first), `${what} back`)
  }

  const limited = entry('SIP', one, b.port, ', connections: 2')
  t.match(await proxy.change(rulesText(http, [limited, entry('More', two, a.port)])), {
    kind: 'reloaded',
    changes: { streams: 2 },
  })
  await stillCarries('another server')
  t.equal(await readSome(await connectClient(t, one)), 'b', 'for those who come now')
  t.equal(await readSome(await connectClient(t, two)), 'a', 'on the port that is new')
  await closed(await connectClient(t, one))
  t.pass('those who were there before count')

  t.match(await proxy.change(rulesText(http, [entry('SIP', two, b.port)])), { kind: 'reloaded' })
  await stillCarries('another port')
  t.equal(await readSome(await connectClient(t, two)), 'b')
  t.ok((await connectClient(t, one)).closed, 'the old port is closed')

  t.match(await proxy.change(rulesText(http, [])), { kind: 'reloaded' })
  await stillCarries('no stream')
  first.resetAndDestroy()
  const line = await proxy.line((each) => each.msg === 'stream' && each.outcome === 'client-left')
  t.match(line, { stream: 'SIP', revision: 1 })
})

t.test('a port changes between a listener and a stream without being closed', async (t) => {
  const [one = 0, two = 0] = await freePorts(2)
  const server = await startStreamServer(t, (socket) => socket.write('stream'))
  const proxy = await startReloadingProxy(t, {
    rules: rulesText(one, [entry('SIP', two, server.port)]),
  })
  const status = async (port: number): Promise<string> => {
    const client = await connectClient(t, port)
    client.write('GET / HTTP/1.1\r\nHost: unknown.contoso.com\r\n\r\n')
    return (await readSome(client)).slice(0, 12)
  }
  t.equal(await status(one), 'HTTP/1.1 421')
  t.match(await proxy.change(rulesText(two, [entry('SIP', one, server.port)])), {
    kind: 'reloaded',
  })
  t.equal(await status(two), 'HTTP/1.1 421')
  t.equal(await status(one), 'stream')
})

t.test('a port that is taken changes nothing', async (t) => {
  const [http = 0, one = 0] = await freePorts(2)
  const server = await startStreamServer(t, (socket) => socket.write('x'))
  const proxy = await startReloadingProxy(t, {
    rules: rulesText(http, [entry('SIP', one, server.port)]),
  })
  const taken = await startStreamServer(t)
  const outcome = await proxy.change(
    rulesText(http, [entry('Other', one, server.port), entry('SIP', taken.port, server.port)]),
  )
  t.match(outcome, {
    kind: 'failed',
    problems: [{ code: 'port-unavailable', where: 'streams[1]', line: 5 }],
  })
  t.equal(await readSome(await connectClient(t, one)), 'x')
})

t.test('SIGTERM: no more connections, and those that stand have the drain time', async (t) => {
  const [http = 0, port = 0] = await freePorts(2)
  const server = await startStreamServer(t)
  const file = join(t.testdir({}), 'lyncgate.yaml')
  const timeouts = 'timeouts: { unready: 0s, drain: 1h }'
  await writeFile(file, rulesText(http, [entry('SIP', port, server.port)], timeouts))
  const command = startCommand(t, 'run', '--config', file)
  await command.until((stdout) => stdout.includes('"msg":"ready"'))
  const client = await connectClient(t, port)
  const backend = await server.connection()
  command.signal('SIGTERM')
  await command.until((stdout) => stdout.includes('"msg":"draining"'))
  client.write('still')
  t.equal(await readSome(backend), 'still')
  // The workers hear of it a moment later than the log.
  for (let isRefused = false; !isRefused; ) {
    const late = await connectClient(t, port)
    isRefused = late.closed
    // Its end alone would leave a stream half open, for nobody reads on the other side.
    late.resetAndDestroy()
  }
  client.write('and on')
  t.equal(await readSome(backend), 'and on')
  client.end()
  backend.end()
  await once(client.resume(), 'end')
  t.equal(await command.exited, 0)
  t.match(command.stdout, '"outcome":"done"')
})
