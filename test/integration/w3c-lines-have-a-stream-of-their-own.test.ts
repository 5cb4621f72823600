/** The access log in the format of IIS: one kind of line per stream or file, from several processes, and it stops nobody. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { mainWords } from '../support/main-program.ts'
import { readW3c } from '../support/w3c-reader.ts'

/** `lyncgate run` with its two output streams apart. */
async function start(t: Test, log: string, workers = 1) {
  const backend = await startAnsweringBackend(t)
  const [port = 0, healthPort = 0] = await freePorts(2)
  const file = join(t.testdir(), 'lyncgate.yaml')
  const rulesOf = (log: string): string => `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${port} }]
pools:
  pool01:
    product: other
    servers: [{ address: 127.0.0.1, http: ${backend.httpPort}, https: ${backend.httpPort} }]
rules:
  - { name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }
health: { address: 127.0.0.1, port: ${healthPort} }
workers: ${workers}
log: ${log}
`
  await writeFile(file, rulesOf(log))
  const child = spawn('env', mainWords('run', '--config', file), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const own = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => {
    own.stdout += text
  })
  child.stderr.on('data', (text) => {
    own.stderr += text
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    child.kill('SIGTERM')
    await exited
  })
  await until(() => `${own.stdout}${own.stderr}`.includes('"msg":"ready"'))
  const ask = async (path: string, fields: readonly string[] = []): Promise<number> => {
    const client = await connectRaw({ port })
    const { status } = await client.request(`GET ${path}`, [HOST, ...fields])
    client.close()
    return status
  }
  const change = async (log: string): Promise<void> => {
    await writeFile(file, rulesOf(log))
    child.kill('SIGHUP')
    await until(() => `${own.stdout}${own.stderr}`.includes('"msg":"reloaded"'))
  }
  return { own, port, child, backend, ask, change, directory: join(file, '..') }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10)
}

const jsonLines = (text: string): readonly { readonly msg: string }[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { msg: string })

// Processes start slowly on a busy machine.
t.setTimeout(240_000)

t.test('standard output has access lines alone, of all workers', async (t) => {
  const proxy = await start(t, '{ access: w3c }', 2)
  const asked = await Promise.all(
    Array.from({ length: 40 }, (_, i) => proxy.ask(`/a?n=${i}&ticket=geheim`, ['User-Agent: a b'])),
  )
  t.same(new Set(asked), new Set([200]))
  await until(() => proxy.own.stdout.split('/a n=').length === 41)
  const { entries } = readW3c(proxy.own.stdout)
  t.equal(entries.length, 40)
  t.equal(new Set(entries.map((entry) => entry['x-request-id'])).size, 40)
  t.match(entries[0], { 'cs-uri-stem': '/a', 'cs(User-Agent)': 'a+b', 'sc-status': '200' })
  t.notMatch(proxy.own.stdout, 'geheim')
  t.ok(jsonLines(proxy.own.stderr).some(({ msg }) => msg === 'ready'))
  t.notOk(jsonLines(proxy.own.stderr).some(({ msg }) => msg === 'exchange'))
})

t.test('a file of its own, rotated by somebody else; a reload changes the format', async (t) => {
  const proxy = await start(t, '{ access: w3c, accessFile: access.log }', 2)
  const path = join(proxy.directory, 'access.log')
  const contentOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  await proxy.ask('/one')
  await until(() => contentOf(path).includes('/one '))
  renameSync(path, `${path}.1`)
  await until(() => existsSync(path))
  await proxy.ask('/two')
  await until(() => `${contentOf(path)}${contentOf(`${path}.1`)}`.includes('/two '))
  const stems = [contentOf(`${path}.1`), contentOf(path)].flatMap((text) =>
    readW3c(text).entries.map((entry) => entry['cs-uri-stem']),
  )
  t.same(stems, ['/one', '/two'])
  // Begun before the reload, over after it.
  const slow = await connectRaw({ port: proxy.port })
  slow.send(`POST /slow HTTP/1.1\r\n${HOST}\r\nContent-Length: 4\r\n\r\n`)
  await until(() => proxy.backend.connections.some((each) => each.text.includes('/slow')))
  await proxy.change('{ access: json }')
  slow.send('body')
  t.equal((await slow.read('POST')).status, 200)
  slow.close()
  // The worker that has it may write no other file; those that come after it write where the reload says.
  await until(() => contentOf(path).includes('/slow '))
  await proxy.ask('/three')
  await until(() => proxy.own.stdout.includes('"target":"/three"'))
  t.notMatch(contentOf(path), '/three')
  t.equal(proxy.own.stderr, '')
  t.ok(jsonLines(proxy.own.stdout).length > 3, 'nothing but JSON, before the reload too')
})

t.test('a full disk stops nobody', async (t) => {
  const full = await start(t, '{ access: w3c, accessFile: /dev/full }')
  for (let i = 0; i < 20; i++) t.equal(await full.ask('/'), 200)
  await until(() => full.own.stdout.includes('access log cannot be written'))
  t.equal(full.own.stdout.split('access log cannot be written').length, 2, 'said once')
})

t.test('a closed pipe stops nobody', async (t) => {
  const closed = await start(t, '{ access: w3c }')
  closed.child.stdout.destroy()
  for (let i = 0; i < 20; i++) t.equal(await closed.ask('/'), 200)
})

t.test('a reader who sleeps stops nobody', async (t) => {
  const asleep = await start(t, '{ access: w3c }')
  asleep.child.stdout.pause()
  const pipeOverflows = 400
  const long = `User-Agent: ${'x'.repeat(1_000)}`
  for (let i = 0; i < pipeOverflows; i++)
    if ((await asleep.ask(`/${'y'.repeat(900)}`, [long])) !== 200) t.fail('not answered')
  t.equal(await asleep.ask('/'), 200)
})

t.test('servers are told the id of the request, by us alone', async (t) => {
  const proxy = await start(t, '{ access: w3c, requestIdHeader: X-Lyncgate-Request-Id }')
  await proxy.ask('/', [
    'x-lyncgate-request-id: forged',
    'X_Lyncgate_Request_Id: forged',
    'X-Lyncgate-Request-Id-Too: kept',
  ])
  await until(() => readW3c(proxy.own.stdout).entries.length === 1)
  const [entry] = readW3c(proxy.own.stdout).entries
  const heads = proxy.backend.connections.map(({ text }) => text).join('')
  t.match(heads, `X-Lyncgate-Request-Id: ${entry?.['x-request-id']}\r\n`)
  t.match(heads, 'X-Lyncgate-Request-Id-Too: kept')
  t.notMatch(heads, 'forged')
})
