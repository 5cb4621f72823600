/** Several `lyncgate run` processes with the same files, two Front Ends behind them, and the shipped HAProxy in front. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { freePorts } from './free-ports.ts'
import { type FrontEnd, startFrontEnd } from './front-end.ts'
import { publicName } from './real-kdc.ts'
import { type RunningProgram, startProgram, waitUntil } from './real-process.ts'
import {
  type ReplicaPorts,
  type ReplicasHaproxy,
  startReplicasHaproxy,
} from './replicas-haproxy.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface LogLine {
  readonly [key: string]: unknown
  readonly msg?: string
  readonly id?: string
}

export interface Replica extends ReplicaPorts {
  readonly program: RunningProgram
  logs(): readonly LogLine[]
  /** The status of /readyz; undefined: nobody listens. */
  readiness(): Promise<number | undefined>
}

export interface Replicas {
  readonly all: readonly Replica[]
  readonly frontEnds: readonly FrontEnd[]
  readonly haproxy: ReplicasHaproxy
  /** Trust for the published name, PEM. */
  readonly ca: string
  /** Starts a new process in the place of one that has ended, and waits until HAProxy sends clients there. */
  restart(index: number): Promise<Replica>
}

/** @param times of `timeouts` */
export async function startReplicas(t: Test, times: string): Promise<Replicas> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-replicas-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const authority = await createAuthority('Replicas')
  const inside = await authority.issue({ names: ['pool01.contoso.local'] })
  const outside = await authority.issue({ names: [publicName] })
  await writeFile(join(directory, 'public.pem'), outside.certPem)
  await writeFile(join(directory, 'public.key'), outside.keyPem)
  await writeFile(join(directory, 'root.pem'), authority.certificatePem)
  await writeFile(join(directory, 'ticket.secret'), randomBytes(32).toString('hex'))
  const frontEnds = [await startFrontEnd(t, 'fe01', inside), await startFrontEnd(t, 'fe02', inside)]
  const numbers = await freePorts(6)
  const ports = [0, 3].map((at): ReplicaPorts => {
    const [http = 0, https = 0, health = 0] = numbers.slice(at, at + 3)
    return { http, https, health }
  })
  for (const [index, { http, https, health }] of ports.entries())
    await writeFile(
      join(directory, `replica${index}.yaml`),
      `version: 1
listeners:
  - { name: internet, address: 127.0.0.1, http: ${http}, https: ${https}, proxyProtocol: required }
trustedProxies: [127.0.0.1]
certificates: [{ cert: public.pem, key: public.key }]
sessionTickets: { secret: ticket.secret }
pools:
  pool01:
    product: other
    servers:
${frontEnds.map((each) => `      - { address: 127.0.0.1, http: ${each.httpPort}, https: ${each.httpsPort} }`).join('\n')}
    tls: { ca: root.pem, serverName: pool01.contoso.local }
rules:
  - { name: Web, publish: anything, hosts: [${publicName}], pool: pool01, http: forward }
timeouts: { ${times} }
health: { address: 127.0.0.1, port: ${health} }
workers: 2
`,
    )
  const start = async (index: number): Promise<Replica> => {
    const own = ports[index] as ReplicaPorts
    const args = [main, 'run', '--config', join(directory, `replica${index}.yaml`)]
    const program = startProgram({ program: process.execPath, args })
    t.teardown(() => program.stop('SIGKILL'))
    const replica: Replica = {
      ...own,
      program,
      logs: () => readLog(program.stdout()),
      readiness: () =>
        fetch(`http://127.0.0.1:${own.health}/readyz`).then(
          ({ status }) => status,
          () => undefined,
        ),
    }
    await waitUntil(`replica ${index} is ready`, async () => {
      if (program.hasEnded()) throw new Error(program.stdout() + program.stderr())
      return (await replica.readiness()) === 200
    })
    return replica
  }
  const all = [await start(0), await start(1)]
  const haproxy = await startReplicasHaproxy(t, ports)
  await waitUntil('HAProxy knows both', async () => (await haproxy.up()).length === 2)
  return {
    all,
    frontEnds,
    haproxy,
    ca: authority.certificatePem,
    restart: async (index) => {
      const replica = await start(index)
      all[index] = replica
      await waitUntil('HAProxy knows it', async () => (await haproxy.up()).includes(index))
      return replica
    },
  }
}

/** The complete lines of a log. */
export const readLog = (stdout: string): readonly LogLine[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine)
