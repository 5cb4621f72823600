/** lyncgate talks to whom the rules file names, and to nobody else: not at the start, not when idle, not at the end. */
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startFaultProxy } from '../support/fault-world.ts'
import { HOST } from '../support/lab-proxy.ts'
import { runProgram, waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Every call by which a process can reach another machine, of all processes and threads. */
const noting = (file: string): readonly string[] =>
  'strace -D -f -qq -e signal=none -e trace=connect,sendto,sendmsg,sendmmsg -o'
    .split(' ')
    .concat(file)

/** Addresses and ports that stand in such a file, each once. Local sockets have neither. */
async function destinations(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8')
  const found = text.matchAll(
    /sin6?_port=htons\((\d+)\).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"/g,
  )
  return [...new Set([...found].map(([, port, address]) => `${address}:${port}`))].sort()
}

/** Port 0 is the C library asking the kernel which of several addresses it would take: nothing is sent. */
const isSent = (destination: string): boolean => !destination.endsWith(':0')

async function resolvers(): Promise<readonly string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8')
  return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map(([, address]) => `${address}:53`)
}

const hasStrace = (t: Test): boolean => requireProgram(t, 'strace', 'strace')

t.test('by addresses: the server, and nobody else', async (t) => {
  if (!hasStrace(t)) return
  const backend = await startAnsweringBackend(t)
  const log = join(t.testdir({}), 'calls')
  const proxy = await startFaultProxy(t, {
    servers: ['127.0.0.1'],
    port: backend.httpPort,
    under: () => noting(log),
  })
  t.same(await destinations(log), [], 'nothing at the start')
  const client = await proxy.connect()
  for (let n = 0; n < 5; n++) t.equal((await client.request('GET /', [HOST])).status, 200)
  await appendFile(join(proxy.directory, 'lyncgate.yaml'), 'log: { level: debug }\n')
  await proxy.line('reloaded')
  await proxy.program.stop('SIGTERM')
  t.equal((await proxy.program.ended).code, 0)
  t.same(await destinations(log), [`127.0.0.1:${backend.httpPort}`])
})

t.test('by names: the resolvers of the machine, too', async (t) => {
  if (!hasStrace(t)) return
  const log = join(t.testdir({}), 'calls')
  const proxy = await startFaultProxy(t, { servers: ['fe01.invalid'], under: () => noting(log) })
  t.equal((await proxy.ask()).status, 503)
  await proxy.program.stop('SIGTERM')
  const allowed = await resolvers()
  t.same(
    (await destinations(log)).filter((each) => isSent(each) && !allowed.includes(each)),
    [],
  )
})

t.test('active checks go to the servers; idle, there is nothing else', async (t) => {
  if (!hasStrace(t)) return
  const backend = await startAnsweringBackend(t)
  const log = join(t.testdir({}), 'calls')
  const proxy = await startFaultProxy(t, {
    servers: ['127.0.0.1'],
    port: backend.httpPort,
    under: () => noting(log),
    more: {
      pools: `  checked:
    product: other
    servers: [{ address: 127.0.0.1, http: ${backend.httpPort}, https: ${backend.httpPort} }]
    health: { check: tcp, interval: 1s, timeout: 1s }`,
      rules: '  - { name: Other, publish: anything, hosts: [other.contoso.com], pool: checked }',
    },
  })
  // Four checks are three seconds in which nobody asks for anything.
  await waitUntil('it was checked four times', () => backend.connections.length >= 4)
  await proxy.program.stop('SIGTERM')
  t.same(await destinations(log), [`127.0.0.1:${backend.httpPort}`])
})

t.test('check and explain ask nobody', async (t) => {
  if (!hasStrace(t)) return
  const directory = t.testdir({
    'lyncgate.yaml': `version: 1
listeners: [{ name: internet, http: 80 }]
pools: { se01: { product: skype-se, servers: [fe01.contoso.local] } }
rules: [{ name: Web services, publish: web-services, hosts: [lyncweb.contoso.com], pool: se01, http: forward }]
`,
  })
  const file = join(directory, 'lyncgate.yaml')
  for (const words of [
    ['check', file],
    ['explain', file, 'http://lyncweb.contoso.com/'],
  ]) {
    const log = join(directory, 'calls')
    const [program = '', ...args] = [...noting(log), process.execPath, main, ...words]
    const { code, stdout, stderr } = await runProgram({ program, args })
    t.equal(code, 0, stdout + stderr)
    t.same(await destinations(log), [], words.join(' '))
  }
})
