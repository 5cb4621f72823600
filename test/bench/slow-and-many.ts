/**
 * What slow and many clients do to `lyncgate run` with two workers, and to a good client beside them. Prints a Markdown
 * table. Linux only; needs slowhttptest. It attacks its own processes over loopback and nothing else.
 *
 *     node test/bench/slow-and-many.ts [seconds per attack] [connections]
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Agent, get, Agent as TlsAgent } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { type SlowWorld, startSlowWorld } from '../support/slow-world.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const HEAD = 'GET /steady HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n'

/** What the attackers of this file do, each in a process of its own. */
const attacks: Readonly<Record<string, (ports: Ports, connections: number) => void>> = {
  'idle connections': ({ httpPort }, connections) => {
    for (let n = 0; n < connections; n++)
      hold(
        connectTcp({ port: httpPort, host: '127.0.0.1', localAddress: addressOf(n) }),
        `${HEAD}\r\n`,
      )
  },
  'connections that come and go': ({ httpPort }) => {
    const next = (n: number): void => {
      const socket = connectTcp({ port: httpPort, host: '127.0.0.1', localAddress: addressOf(n) })
      socket.on('error', () => {})
      socket.once('connect', () => socket.destroy())
      socket.once('close', () => next(n))
    }
    for (let n = 0; n < 50; n++) next(n)
  },
  'TLS handshakes': ({ httpsPort }) => {
    const next = (n: number): void => {
      const way = { port: httpsPort, host: '127.0.0.1', localAddress: addressOf(n) }
      const tls = { servername: 'lyncweb.contoso.com', rejectUnauthorized: false }
      const socket = connectTls({ ...way, ...tls })
      socket.on('error', () => {})
      socket.once('secureConnect', () => socket.destroy())
      socket.once('close', () => setImmediate(next, n))
    }
    for (let n = 0; n < 200; n++) next(n)
  },
  'ClientHellos all at once': ({ httpsPort }) => {
    // Each says hello and is never heard of again: the whole work is the server's.
    const burst = (): void => {
      const sockets = Array.from({ length: 200 }, (_, n) => {
        const way = { port: httpsPort, host: '127.0.0.1', localAddress: addressOf(n) }
        const tls = { servername: 'lyncweb.contoso.com', rejectUnauthorized: false }
        const socket = connectTls({ ...way, ...tls })
        socket.on('error', () => {})
        return socket
      })
      setTimeout(() => {
        for (const socket of sockets) socket.destroy()
        burst()
      }, 1_000)
    }
    burst()
  },
  'pipelined requests, never read': ({ httpPort }, connections) => {
    for (let n = 0; n < Math.min(connections, 200); n++) {
      const next = (): void => {
        const way = { port: httpPort, host: '127.0.0.1', localAddress: addressOf(n) }
        const socket = connectTcp(way)
        socket.on('error', () => {})
        socket.pause()
        socket.write(`${HEAD}\r\n`.repeat(1_000))
        socket.once('close', () => setTimeout(next, 100))
      }
      next()
    }
  },
}

interface Ports {
  readonly httpPort: number
  readonly httpsPort: number
}

/** 250 clients of their own. */
const addressOf = (n: number): string => `127.0.3.${1 + (n % 250)}`

function hold(socket: Socket, text: string): void {
  socket.on('error', () => {})
  socket.on('data', () => {})
  socket.once('connect', () => socket.write(text))
}

const slowhttptest: Readonly<Record<string, readonly string[]>> = {
  'slowhttptest -H, slow heads': ['-H', '-x', '10'],
  'slowhttptest -B, slow bodies': ['-B', '-s', '8192', '-x', '10'],
  'slowhttptest -R, ranges': ['-R', '-b', '2000'],
  'slowhttptest -X, slow reading': ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32'],
}

async function askOnce(agent: Agent, world: SlowWorld): Promise<number> {
  const began = performance.now()
  const req = get({
    host: '127.0.0.1',
    port: world.httpsPort,
    path: '/steady',
    headers: { host: 'lyncweb.contoso.com' },
    servername: 'lyncweb.contoso.com',
    ca: world.ca,
    agent,
  })
  const [res] = await once(req, 'response')
  res.resume()
  await once(res, 'end')
  if (res.statusCode !== 200) throw new Error(`status ${res.statusCode}`)
  return performance.now() - began
}

interface Measured {
  readonly before: number
  readonly peak: number
  readonly p50: number
  readonly p99: number
  readonly most: number
  readonly lost: number
  readonly cpu: number
  readonly open: number
}

/** A good client asks 50 times in a second, over one TLS connection. */
async function measure(world: SlowWorld, seconds: number): Promise<Measured> {
  const agent = new TlsAgent({ keepAlive: true, maxSockets: 1 })
  const before = await world.residentMiB()
  const cpuBefore = await world.cpuSeconds()
  const took: number[] = []
  let [peak, open, lost] = [before, 0, 0]
  const end = performance.now() + seconds * 1_000
  let looked = 0
  while (performance.now() < end) {
    await askOnce(agent, world).then(
      (ms) => took.push(ms),
      () => lost++,
    )
    if (performance.now() - looked > 500) {
      looked = performance.now()
      peak = Math.max(peak, await world.residentMiB())
      open = Math.max(open, await openConnections(world))
    }
    await sleep(20)
  }
  agent.destroy()
  took.sort((one, other) => one - other)
  const at = (part: number): number => took[Math.floor(took.length * part)] ?? Number.NaN
  const cpu = ((await world.cpuSeconds()) - cpuBefore) / seconds
  return { before, peak, p50: at(0.5), p99: at(0.99), most: took.at(-1) ?? 0, lost, cpu, open }
}

async function openConnections({ adminPort }: SlowWorld): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  const values = text.matchAll(/^lyncgate_(?:client_connections|handshakes_in_progress)\S* (\d+)/gm)
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
}

async function run(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 20)
  const connections = Number(process.argv[3] ?? 500)
  const ends: (() => unknown)[] = []
  const world = await startSlowWorld('log: { access: off }', (end) => ends.unshift(end))
  const ports: Ports = { httpPort: world.httpPort, httpsPort: world.httpsPort }
  await measure(world, 3)
  say(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`,
  )
  say(`${seconds} s and up to ${connections} connections each; RSS of both workers together\n`)
  say('| attack | open | RSS before | peak | after | good client p50 | p99 | worst | lost | CPU |')
  say('|---|---|---|---|---|---|---|---|---|---|')
  const row = async (name: string, attack: () => Promise<() => void>): Promise<void> => {
    const stop = await attack()
    const it = await measure(world, seconds)
    stop()
    await sleep(3_000)
    const after = await world.residentMiB()
    const mib = [it.before, it.peak, after].map((value) => `${value.toFixed()} MiB`)
    const ms = [it.p50, it.p99, it.most].map((value) => `${value.toFixed(1)} ms`)
    say(
      `| ${[name, it.open, ...mib, ...ms, it.lost, `${(it.cpu * 100).toFixed()} %`].join(' | ')} |`,
    )
  }
  await row('nobody', async () => () => {})
  for (const [name, flags] of Object.entries(slowhttptest))
    for (const [scheme, port] of [
      ['http', world.httpPort],
      ['https', world.httpsPort],
    ] as const)
      await row(`${name}, ${scheme}`, async () => {
        const url = `${scheme}://localhost:${port}/long`
        const size = ['-c', `${connections}`, '-r', '200', '-i', '5', '-l', `${seconds}`]
        const child = spawn('slowhttptest', [...flags, ...size, '-u', url], { stdio: 'ignore' })
        return () => void child.kill('SIGKILL')
      })
  for (const name of Object.keys(attacks))
    await row(name, async () => {
      const child = fork(fileURLToPath(import.meta.url), ['attack', name])
      child.send({ ports, connections })
      return () => void child.kill('SIGKILL')
    })
  for (const end of ends) await end()
  process.exit(0)
}

if (process.argv[2] === 'attack') {
  process.once('message', (message: { ports: Ports; connections: number }) =>
    attacks[process.argv[3] ?? '']?.(message.ports, message.connections),
  )
} else await run()
