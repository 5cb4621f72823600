/** docker/haproxy.cfg as it is shipped, on free ports and in front of processes of this machine. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { freePorts } from './free-ports.ts'
import { startProgram, waitUntil } from './real-process.ts'

export interface ReplicaPorts {
  readonly http: number
  readonly https: number
  readonly health: number
}

export interface ReplicasHaproxy {
  readonly httpPort: number
  readonly httpsPort: number
  /** The replicas that get new connections on the https port. */
  up(): Promise<readonly number[]>
}

const shipped = new URL('../../docker/haproxy.cfg', import.meta.url)

/** Starts it and ends it with the test. */
export async function startReplicasHaproxy(
  t: Test,
  replicas: readonly ReplicaPorts[],
): Promise<ReplicasHaproxy> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-haproxy-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [httpPort = 0, httpsPort = 0] = await freePorts(2)
  const socket = join(directory, 'stats')
  const places: readonly (readonly [shipped: string | RegExp, here: string])[] = [
    ['global\n', `global\n  stats socket ${socket}\n`],
    ['log stdout format raw local0 info', 'log stderr format raw local0 info'],
    ['maxconn 40000', 'maxconn 1000'],
    [' resolvers docker init-addr libc,none', ''],
    [/resolvers docker\n(?: .*\n)+/, ''],
    ['bind :80\n', `bind 127.0.0.1:${httpPort}\n`],
    ['bind :443\n', `bind 127.0.0.1:${httpsPort}\n`],
    ...replicas.flatMap(({ http, https, health }, index) => [
      [`lyncgate${index + 1}:80`, `127.0.0.1:${http} port ${health}`] as const,
      [`lyncgate${index + 1}:443`, `127.0.0.1:${https} port ${health}`] as const,
    ]),
  ]
  let config = await readFile(shipped, 'utf8')
  for (const [from, to] of places) {
    const changed = config.replace(from, to)
    if (changed === config) throw new Error(`docker/haproxy.cfg has no ${from}`)
    config = changed
  }
  const file = join(directory, 'haproxy.cfg')
  await writeFile(file, config)
  const running = startProgram({ program: 'haproxy', args: ['-db', '-f', file] })
  t.teardown(() => running.stop('SIGKILL'))
  const up = async (): Promise<readonly number[]> => {
    const rows = (await ask(socket, 'show stat')).split('\n').map((row) => row.split(','))
    return replicas.flatMap((_, index) =>
      rows.some(
        ([proxy, server, ...rest]) =>
          proxy === 'https' && server === `lyncgate${index + 1}` && /^UP/.test(rest[15] ?? ''),
      )
        ? [index]
        : [],
    )
  }
  await waitUntil('HAProxy answers', async () => {
    if (running.hasEnded()) throw new Error(`HAProxy ended: ${running.stderr()}`)
    return up().then(
      () => true,
      () => false,
    )
  })
  return { httpPort, httpsPort, up }
}

async function ask(path: string, command: string): Promise<string> {
  const socket = connect(path)
  socket.write(`${command}\n`)
  return text(socket)
}
