/** Names of servers that change, vanish, or get no answer. The names of the tests are rows of docs/operations.md. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startFaultProxy } from '../support/fault-world.ts'
import { freePorts } from '../support/free-ports.ts'
import { waitUntil } from '../support/real-process.ts'
import { requireRoot } from '../support/require-root.ts'

/** Where nobody answers. */
const SILENT = '127.0.77.53'

/** Two servers on one port, and a proxy with a hosts file and a DNS server of its own. */
async function start(t: Test) {
  const [port = 0, silentStream = 0, stream = 0] = await freePorts(3)
  for (const [address, name] of [
    ['127.0.0.1', 'old'],
    ['127.0.0.2', 'new'],
  ] as const) {
    const server = createServer((_req, res) => res.end(name)).listen(port, address)
    await once(server, 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
  }
  const dns = createSocket('udp4').bind(53, SILENT)
  await once(dns, 'listening')
  t.teardown(() => dns.close())
  const proxy = await startFaultProxy(t, {
    servers: ['fe01.contoso.local'],
    port,
    top: `streams:
  - { name: Silent, listen: ${silentStream}, address: 127.0.0.1, servers: ["silent4.contoso.local:5061", "silent5.contoso.local:5061"], health: { check: none } }
  - { name: Other, listen: ${stream}, address: 127.0.0.1, servers: ["fe01.contoso.local:${port}"], health: { check: none } }`,
    more: {
      pools:
        '  silent: { product: other, servers: [silent1.contoso.local, silent2.contoso.local, silent3.contoso.local] }',
      rules:
        '  - { name: Silent, publish: anything, hosts: [silent.contoso.com], pool: silent, http: forward }',
    },
    under: (directory) => {
      const files = {
        hosts: '127.0.0.1 fe01.contoso.local\n',
        'resolv.conf': `nameserver ${SILENT}\noptions timeout:5 attempts:2\n`,
        'nsswitch.conf': 'hosts: files dns\n',
      }
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
      const mounts = Object.keys(files).map((name) => `mount --bind "$0/${name}" /etc/${name}`)
      return ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, directory]
    },
  })
  // In place: the file is mounted.
  const setHosts = (text: string): Promise<void> => writeFile(join(proxy.directory, 'hosts'), text)
  return { proxy, setHosts, silentStream, stream }
}

if (requireRoot(t, 'this test mounts files of its own')) {
  t.test('the name of a server gets another address', async (t) => {
    const { proxy, setHosts } = await start(t)
    t.match(await proxy.ask(), { status: 200, body: 'old' })
    await setHosts('127.0.0.2 fe01.contoso.local\n')
    t.match(await proxy.ask(), { status: 200, body: 'new' }, 'the next connection')
  })

  t.test('the name of a server is gone', async (t) => {
    const { proxy, setHosts } = await start(t)
    await writeFile(join(proxy.directory, 'nsswitch.conf'), 'hosts: files\n')
    await setHosts('')
    await waitUntil('it is noticed', async () => (await proxy.ask()).status === 503)
    const line = await proxy.line('exchange', (each) => each['status'] === 503)
    t.match(line, { outcome: 'backend-unreachable', reason: /ENOTFOUND|EAI_AGAIN/ })
    await setHosts('127.0.0.2 fe01.contoso.local\n')
    await waitUntil('it is back', async () => (await proxy.ask()).body === 'new')
  })

  t.test('DNS does not answer for one pool', async (t) => {
    const { proxy } = await start(t)
    // Each worker knows it from before.
    for (let n = 0; n < 20; n++) t.equal((await proxy.ask()).status, 200)
    const silent = await Promise.all(Array.from({ length: 20 }, () => proxy.connect()))
    const answers = silent.map((client) => client.request('GET /', ['Host: silent.contoso.com']))
    const others = await Promise.all(Array.from({ length: 20 }, () => proxy.ask()))
    t.same(new Set(others.map(({ status }) => status)), new Set([200]), 'the other pool is served')
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    t.same(new Set(statuses), new Set([503]))
  })

  t.test('DNS does not answer for a stream', async (t) => {
    const { proxy, silentStream, stream } = await start(t)
    // Each worker knows it from before.
    for (let n = 0; n < 20; n++) t.equal(await askThrough(stream), 'old')
    const silent = Array.from({ length: 20 }, () => connect(silentStream, '127.0.0.1').resume())
    // By a reset.
    const ended = silent.map(
      (each) => new Promise((resolve) => each.on('error', () => {}).once('close', resolve)),
    )
    await Promise.all(silent.map((each) => once(each, 'connect')))
    const others = await Promise.all(Array.from({ length: 20 }, () => askThrough(stream)))
    t.same(new Set(others), new Set(['old']), 'the other stream is served')
    await Promise.all(ended)
    const fits = (line: Readonly<Record<string, unknown>>): boolean => line['stream'] === 'Silent'
    t.match(await proxy.line('stream', fits), { outcome: 'backend-unreachable' })
  })
}

/** What the server behind a stream says; empty when it cannot be reached. */
async function askThrough(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { connection: 'close' },
  }).catch(() => undefined)
  return (await answer?.text()) ?? ''
}
