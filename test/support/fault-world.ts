/**
 * Two Front Ends, each in a network namespace of its own behind a cable (veth) that can be pulled, and `lyncgate run` in
 * front of them. All of them are processes that can be killed and stopped.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { connectRaw, type RawClient } from '../../src/lab/raw-client.ts'
import { freePorts } from './free-ports.ts'
import { type RunningProgram, runProgram, startProgram, waitUntil } from './real-process.ts'
import { type LogLine, readLog } from './replicas.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const frontEnd = fileURLToPath(new URL('front-end-process.ts', import.meta.url))
const PORT = 8080

export interface CabledServer {
  readonly name: string
  readonly address: string
  readonly namespace: string
  /** The process; another one after `start`. */
  readonly program: RunningProgram
  /** Starts the process again. */
  start(): Promise<void>
  /** Pulls the cable, or puts it in again. Nobody is told: no reset, no ICMP. */
  plug(isIn: boolean): Promise<void>
  /** Runs a program in its namespace. */
  run(program: string, ...args: readonly string[]): Promise<void>
}

/** Says whether namespaces can be made here. Like `requireProgram`. */
export async function requireNamespaces(t: Test): Promise<boolean> {
  const name = `lgtry${process.pid}`
  const { code, stderr } = await ip('netns', 'add', name)
  if (code === 0) {
    await ip('netns', 'del', name)
    return true
  }
  const reason = `network namespaces are not permitted: ${stderr.trim()}`
  // biome-ignore lint/style/noProcessEnv: build servers announce themselves by this variable
  if (process.env['CI']) t.fail(reason)
  else t.plan(0, reason)
  return false
}

let worlds = 0

/** A server of its own address in 198.18.0.0/15 (RFC 2544), which ends with the test. */
export async function startCabledServer(t: Test, name: string): Promise<CabledServer> {
  const number = ++worlds
  const namespace = `lg${process.pid}-${number}`
  const [here, there] = [`lgh${process.pid}-${number}`, `lgt${process.pid}-${number}`]
  const net = `198.18.${(process.pid * 4 + number) % 250}`
  const address = `${net}.2`
  await must('ip', 'netns', 'add', namespace)
  t.teardown(() => ip('netns', 'del', namespace).then(() => {}))
  await must('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', namespace)
  t.teardown(() => ip('link', 'del', here).then(() => {}))
  await must('ip', 'address', 'add', `${net}.1/24`, 'dev', here)
  await must('ip', 'link', 'set', here, 'up')
  const run = (...words: readonly string[]): Promise<void> =>
    must('ip', 'netns', 'exec', namespace, ...words)
  await run('ip', 'address', 'add', `${address}/24`, 'dev', there)
  await run('ip', 'link', 'set', there, 'up')
  await run('ip', 'link', 'set', 'lo', 'up')
  const begin = async (): Promise<RunningProgram> => {
    const program = startProgram({
      program: 'ip',
      args: ['netns', 'exec', namespace, process.execPath, frontEnd, name, address, `${PORT}`],
    })
    t.teardown(() => program.stop('SIGKILL'))
    await waitUntil(`${name} listens`, () => program.stdout() !== '')
    return program
  }
  const own = {
    name,
    address,
    namespace,
    program: await begin(),
    start: async () => {
      own.program = await begin()
    },
    plug: (isIn: boolean) => run('ip', 'link', 'set', there, isIn ? 'up' : 'down'),
    run,
  }
  return own
}

export interface FaultProxy {
  readonly program: RunningProgram
  readonly directory: string
  readonly httpPort: number
  logs(): readonly LogLine[]
  /** A client connection that ends with the test. */
  connect(): Promise<RawClient>
  /** One request on a connection of its own: the status, and who answered. */
  ask(
    target?: string,
  ): Promise<{ readonly status: number; readonly body: string; readonly cookie: string }>
  /** Resolves with the line of the log. */
  line(msg: string, fits?: (line: LogLine) => boolean): Promise<LogLine>
}

export interface FaultProxyOptions {
  /** Addresses or names. */
  readonly servers: readonly string[]
  readonly port?: number
  /** More YAML at the top level. */
  readonly top?: string
  /** What starts the proxy: words before `node`, which get the directory of the rules file. */
  readonly under?: (directory: string) => readonly string[]
  /** More YAML under `pools` and `rules`. */
  readonly more?: { readonly pools: string; readonly rules: string }
}

/** Starts `lyncgate run` with two workers. */
export async function startFaultProxy(t: Test, options: FaultProxyOptions): Promise<FaultProxy> {
  const { servers, port = PORT, top = '', under = () => [], more } = options
  const directory = t.testdir({})
  const [httpPort = 0, healthPort = 0] = await freePorts(2)
  const file = join(directory, 'lyncgate.yaml')
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${httpPort} }]
pools:
  pool01:
    product: other
    servers: [${servers.map((address) => `{ address: ${address}, http: ${port}, https: ${port} }`).join(', ')}]
${more?.pools ?? ''}
rules:
  - { name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }
${more?.rules ?? ''}
health: { address: 127.0.0.1, port: ${healthPort} }
timeouts: { unready: 0s, drain: 1s, connect: 4s, response: 4s }
workers: 2
${top}
`,
  )
  const [program = process.execPath, ...words] = [...under(directory), process.execPath]
  const running = startProgram({ program, args: [...words, main, 'run', '--config', file] })
  t.teardown(() => running.stop('SIGKILL'))
  await waitUntil('the proxy is ready', async () => {
    if (running.hasEnded()) throw new Error(running.stdout() + running.stderr())
    return fetch(`http://127.0.0.1:${healthPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  const connect = async (): Promise<RawClient> => {
    const client = await connectRaw({ port: httpPort })
    t.teardown(() => client.close())
    return client
  }
  const logs = (): readonly LogLine[] => readLog(running.stdout())
  return {
    program: running,
    directory,
    httpPort,
    logs,
    connect,
    ask: async (target = '/') => {
      const client = await connect()
      const answer = await client.request(`GET ${target}`, ['Host: lyncweb.contoso.com'])
      client.close()
      const cookie = answer.header('Set-Cookie')?.split(';')[0] ?? ''
      return { status: answer.status, body: answer.body.toString(), cookie }
    },
    line: async (msg, fits = () => true) => {
      const find = (): LogLine | undefined => logs().find((each) => each.msg === msg && fits(each))
      await waitUntil(`the log says ${msg}`, () => find() !== undefined)
      return find() as LogLine
    },
  }
}

const ip = (...args: readonly string[]) => runProgram({ program: 'ip', args })

async function must(program: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram({ program, args })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}
