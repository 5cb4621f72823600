/** `lyncgate run` with several workers: one configuration, one set of limits, and none is missed when it dies. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { connectRaw, type RawClient } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startCommand } from '../support/command.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import type { RecordingBackend } from '../support/recording-backend.ts'
import { type RunningProxy, startRunningProxy } from '../support/running-proxy.ts'

interface Line {
  readonly [key: string]: unknown
  readonly msg?: string
  readonly worker?: number
  readonly pid?: number
  readonly target?: string
  readonly revision?: number
  readonly code?: unknown
}

const linesOf = ({ stdout }: RunningProxy): Line[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

const withMessage = (proxy: RunningProxy, msg: string): Line[] =>
  linesOf(proxy).filter((line) => line.msg === msg)

/** Waits for the line, also for one that is there already. */
async function line(proxy: RunningProxy, fits: (line: Line) => boolean): Promise<Line> {
  await proxy.until(() => linesOf(proxy).some(fits))
  return linesOf(proxy).find(fits) as Line
}

interface Client extends RawClient {
  /** The number of the worker that has the connection. */
  readonly worker: number
}

/** A connection, and which worker has it. */
async function connectTo(t: Test, proxy: RunningProxy): Promise<Client> {
  const client = await connectRaw({ port: proxy.httpPort })
  t.teardown(() => client.close())
  const target = `/who/${Math.trunc(performance.now() * 1000)}`
  const { status } = await client.request(`GET ${target}`, [HOST])
  if (status !== 200) throw new Error(`status ${status}`)
  const { worker } = await line(proxy, (each) => each.target === target)
  return Object.assign(client, { worker: worker as number })
}

/** A connection to each of so many workers. The kernel chooses, so this takes a few attempts. */
async function connectToEach(t: Test, proxy: RunningProxy, count: number): Promise<Client[]> {
  const found = new Map<number, Client>()
  for (let attempt = 0; attempt < 200 && found.size < count; attempt++) {
    const client = await connectTo(t, proxy)
    if (found.has(client.worker)) client.close()
    else found.set(client.worker, client)
  }
  if (found.size < count) throw new Error(`${found.size} of ${count} workers were met`)
  return [...found.values()]
}

const pidOf = async (proxy: RunningProxy, worker: number): Promise<number> =>
  (await line(proxy, (each) => each.msg === 'worker serves' && each.worker === worker))
    .pid as number

async function start(t: Test, top = 'workers: 2') {
  const backend = await startAnsweringBackend(t, (head) =>
    head.startsWith('GET /poll') ? '' : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  )
  const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 0s, drain: 30s', { top })
  return { proxy, backend }
}

const pollsOf = ({ connections }: RecordingBackend) =>
  connections.filter(({ text }) => text.includes('GET /poll'))

/** Resolves when so many polls have arrived. */
async function received(backend: RecordingBackend, count: number): Promise<void> {
  while (pollsOf(backend).length < count) await sleep(10)
}

function answerPolls(backend: RecordingBackend): void {
  for (const { socket } of pollsOf(backend))
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npolled')
}

async function change({ file }: RunningProxy, edit: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8')
  await writeFile(`${file}.new`, edit(text))
  await rename(`${file}.new`, file)
}

t.test('a worker that is killed is replaced, and the others go on', async (t) => {
  const { proxy } = await start(t)
  const [doomed, other] = (await connectToEach(t, proxy, 2)) as [Client, Client]
  const ended = doomed.request('GET /poll', [HOST]).catch((error: Error) => error.message)
  process.kill(await pidOf(proxy, doomed.worker), 'SIGKILL')
  const died = await line(proxy, ({ msg }) => msg === 'worker died')
  t.match(died, { level: 50, worker: doomed.worker, signal: 'SIGKILL' })
  t.match(await ended, /ended|ECONNRESET/)
  t.equal((await other.request('GET /', [HOST])).status, 200, 'on a connection of the other one')
  const replaced = await line(proxy, (each) => each.msg === 'worker serves' && each.worker === 3)
  t.type(replaced.pid, 'number')
  const workers = (await connectToEach(t, proxy, 2)).map(({ worker }) => worker)
  t.same(workers.sort(), [other.worker, 3])
  t.equal(await proxy.readiness(), 200)
})

t.test('all adopt a configuration, or none', async (t) => {
  const { proxy } = await start(t)
  const clients = await connectToEach(t, proxy, 2)
  const statuses = (host: string): Promise<number[]> =>
    Promise.all(
      clients.map(async (each) => (await each.request('GET /', [`Host: ${host}`])).status),
    )
  t.same(await statuses('new.example'), [421, 421])
  await change(proxy, (text) => text.replace('hosts: [', 'hosts: [new.example, '))
  proxy.signal('SIGHUP')
  await line(proxy, ({ msg }) => msg === 'reloaded')
  t.same(await statuses('new.example'), [200, 200])

  const [taken = 0] = await freePorts(1)
  const other = createServer().listen(taken, '127.0.0.1')
  t.teardown(() => other.close())
  await change(proxy, (text) =>
    text
      .replace('new.example, ', '')
      .replace(
        'listeners: [',
        `listeners: [{ name: second, address: 127.0.0.1, http: ${taken} }, `,
      ),
  )
  proxy.signal('SIGHUP')
  t.match(await line(proxy, ({ code }) => code === 'port-unavailable'), {
    msg: `127.0.0.1 port ${taken} is in use by another program`,
  })
  await line(proxy, ({ msg }) => msg === 'reload failed')
  t.same(await statuses('new.example'), [200, 200], 'as before')
})

t.test('more workers, and fewer', async (t) => {
  const { proxy } = await start(t)
  await change(proxy, (text) => text.replace('workers: 2', 'workers: 3'))
  proxy.signal('SIGHUP')
  await line(proxy, (each) => each.msg === 'reloaded' && each.revision === 2)
  const clients = await connectToEach(t, proxy, 3)
  const [leaving] = clients.sort((one, two) => two.worker - one.worker) as [Client]
  const polling = leaving.request('GET /later', [HOST])
  await polling
  await change(proxy, (text) => text.replace('workers: 3', 'workers: 1'))
  proxy.signal('SIGHUP')
  await line(proxy, (each) => each.msg === 'reloaded' && each.revision === 3)
  t.same(withMessage(proxy, 'worker leaves').length, 2)
  for (let n = 0; n < 20; n++) t.equal((await connectTo(t, proxy)).worker, 1)
  t.same(withMessage(proxy, 'worker died'), [], 'they leave by themselves')
})

t.test('SIGTERM drains all; a signal to the whole group is as good', async (t) => {
  const { proxy, backend } = await start(t)
  const clients = await connectToEach(t, proxy, 2)
  const polls = clients.map((client) => client.request('GET /poll', [HOST]))
  await received(backend, 2)
  for (const { worker } of clients) process.kill(await pidOf(proxy, worker), 'SIGTERM')
  proxy.signal('SIGTERM')
  await line(proxy, ({ msg }) => msg === 'draining')
  answerPolls(backend)
  for (const poll of polls) t.equal((await poll).status, 200)
  t.equal(await proxy.exited, 0)
  t.equal(withMessage(proxy, 'worker died').length, 0)
})

t.test('without their primary, workers finish what runs and end', async (t) => {
  const { proxy, backend } = await start(t)
  const [client] = (await connectToEach(t, proxy, 2)) as [Client]
  const poll = client.request('GET /poll', [HOST])
  await received(backend, 1)
  proxy.signal('SIGKILL')
  await line(proxy, ({ msg }) => msg === 'the primary process has gone')
  answerPolls(backend)
  t.equal((await poll).status, 200)
  // Its output closes with the last process that writes to it.
  t.equal(await proxy.exited, null)
})

t.test('the primary stays although nothing but its workers keeps it busy', async (t) => {
  const [port = 0] = await freePorts(1)
  const file = join(t.testdir({}), 'lyncgate.yaml')
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${port} }]
pools: { pool01: { product: other, servers: [127.0.0.1], health: { check: none } } }
rules: [{ name: Web, publish: anything, hosts: [a.example], pool: pool01, http: forward }]
workers: 1
timeouts: { unready: 0s, drain: 1s }
`,
  )
  const proxy = startCommand(t, 'run', '--config', file)
  await proxy.until((stdout) => stdout.includes('"msg":"ready"'))
  const pid = Number(/"pid":(\d+),"msg":"worker serves"/.exec(proxy.stdout)?.[1])
  process.kill(pid, 'SIGKILL')
  await proxy.until((stdout) => stdout.includes('"worker":2,"pid"'))
  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
})
