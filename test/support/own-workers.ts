/** Worker processes whose primary is the test's own process. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { loadConfiguration } from '../../src/runtime/load-configuration.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { SHARE_MS } from '../../src/workers/shared-facts.ts'
import { WorkerTraffic } from '../../src/workers/worker-traffic.ts'
import { startAnsweringBackend } from './answering-backend.ts'
import { collectLog } from './collected-log.ts'
import { freePorts } from './free-ports.ts'
import { HOST } from './lab-proxy.ts'
import { rulesText } from './reloading-proxy.ts'

const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Ticks of a tenth of the real length: 5 of them until the log says so, 30 until the end. */
const TICK_MS = 100

export type WorkerLine = { readonly msg: string; readonly worker?: number; readonly pid?: number }

export interface OwnWorkers {
  readonly runtime: Runtime
  readonly traffic: WorkerTraffic
  readonly port: number
  /** Of the listener `inside`. */
  readonly insidePort: number
  /** The first line with this message about this worker. */
  find(msg: string, worker: number): Promise<WorkerLine>
  /** What a new client connection is answered. Rejects when it is refused. */
  statusOf(port?: number): Promise<number>
}

/**
 * Starts them and kills them when the test is over.
 * @param top more YAML at the top level of the rules file
 * @param listener more keys of the listener `internet`
 */
export async function startOwnWorkers(
  t: Test,
  workers: number,
  top = '',
  listener = 'proxyProtocol: off',
): Promise<OwnWorkers> {
  const backend = await startAnsweringBackend(t)
  const [port = 0, insidePort = 0] = await freePorts(2)
  const rules = rulesText({
    listeners: [
      `{ name: internet, address: 127.0.0.1, http: ${port}, ${listener} }`,
      `{ name: inside, address: 127.0.0.1, http: ${insidePort} }`,
    ],
    pools: { pool01: [backend] },
    rules: [
      '{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }',
    ],
    top,
  }).replace('tls: { ca: root.pem }', '')
  const file = join(t.testdir({ 'lyncgate.yaml': rules }), 'lyncgate.yaml')
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const loaded = await loadConfiguration(file, scope)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.problems))
  const { logger, line } = collectLog('info')
  const traffic = new WorkerTraffic({
    logger,
    // No flags: what the test runner preloads in them needs more than workers may do.
    entry: { script, args: ['worker'], flags: () => [], output: 'ignore' },
    countOf: () => workers,
    tickMs: TICK_MS,
  })
  const started = await Runtime.start(loaded.value.built, logger, { traffic })
  if (!started.ok) throw new Error(started.error.message)
  t.teardown(() => started.value.kill())
  const statusOf = async (at = port): Promise<number> => {
    const client = await connectRaw({ port: at })
    t.teardown(() => client.close())
    return (await client.request('GET /', [HOST])).status
  }
  const find = (msg: string, worker: number): Promise<WorkerLine> =>
    line((each) => each.msg === msg && (each as WorkerLine).worker === worker)
  return { runtime: started.value, traffic, port, insidePort, find, statusOf }
}

/** Every worker has said what it has, and heard what the others have: messages of a process keep their order. */
export async function allKnow({ traffic }: OwnWorkers, open: number): Promise<void> {
  while (traffic.openConnections !== open) await sleep(10)
  await sleep(2 * SHARE_MS)
  await traffic.collectMetrics()
}
