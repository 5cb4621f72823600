/** A worker whose event loop stands still is noticed, and replaced when it does not come back. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { loadConfiguration } from '../../src/runtime/load-configuration.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { WorkerTraffic } from '../../src/workers/worker-traffic.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { collectLog } from '../support/collected-log.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { rulesText } from '../support/reloading-proxy.ts'

const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Ticks of a tenth of the real length: 5 of them until the log says so, 30 until the end. */
const TICK_MS = 100

type WorkerLine = { readonly msg: string; readonly worker?: number; readonly pid?: number }

async function start(t: Test, workers: number) {
  const backend = await startAnsweringBackend(t)
  const [port = 0] = await freePorts(1)
  const rules = rulesText({
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
    pools: { pool01: [backend] },
    rules: [
      '{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }',
    ],
  }).replace('tls: { ca: root.pem }', '')
  const file = join(t.testdir({ 'lyncgate.yaml': rules }), 'lyncgate.yaml')
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const loaded = await loadConfiguration(file, scope)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.problems))
  const { logger, line } = collectLog('info')
  const traffic = new WorkerTraffic({
    logger,
    entry: { script, args: ['worker'], output: 'ignore' },
    countOf: () => workers,
    tickMs: TICK_MS,
  })
  const started = await Runtime.start(loaded.value.built, logger, { traffic })
  if (!started.ok) throw new Error(started.error.message)
  t.teardown(() => started.value.kill())
  const statusOf = async (): Promise<number> => {
    const client = await connectRaw({ port })
    t.teardown(() => client.close())
    return (await client.request('GET /', [HOST])).status
  }
  const find = (msg: string, worker: number): Promise<WorkerLine> =>
    line((each) => each.msg === msg && (each as WorkerLine).worker === worker)
  return { runtime: started.value, find, statusOf }
}

t.test('one that comes back goes on', async (t) => {
  const { find, statusOf, runtime } = await start(t, 1)
  const { pid = 0 } = await find('worker serves', 1)
  process.kill(pid, 'SIGSTOP')
  await find('worker does not answer', 1)
  process.kill(pid, 'SIGCONT')
  t.equal(await statusOf(), 200)
  t.equal(runtime.isReady, true)
})

t.test('one that does not is ended and replaced', async (t) => {
  const { find, statusOf, runtime } = await start(t, 1)
  const { pid = 0 } = await find('worker serves', 1)
  process.kill(pid, 'SIGSTOP')
  t.match(await find('worker died', 1), { signal: 'SIGKILL' })
  t.equal(runtime.isReady, false, 'nobody serves at the moment')
  await find('worker serves', 2)
  t.equal(await statusOf(), 200)
  t.equal(runtime.isReady, true)
})

t.test(
  'metrics of the one that is no more stay, and a silent one keeps nobody waiting',
  async (t) => {
    const { find, statusOf, runtime } = await start(t, 1)
    const { pid = 0 } = await find('worker serves', 1)
    t.equal(await statusOf(), 200)
    const exchanges = async (): Promise<number> => {
      const parts = await runtime.traffic.collectMetrics()
      const found = parts.flat().filter(({ name }) => name === 'lyncgate_exchanges_total')
      return found.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0)
    }
    t.equal(await exchanges(), 1)
    process.kill(pid, 'SIGSTOP')
    t.equal(await exchanges(), 1, 'as it was last known')
    await find('worker serves', 2)
    t.equal(await exchanges(), 1)
    t.equal(await statusOf(), 200)
    t.equal(await exchanges(), 2, 'of both')
    const [restarts] = (await runtime.traffic.collectMetrics())
      .flat()
      .filter(({ name }) => name === 'lyncgate_worker_restarts_total')
    t.equal(restarts?.values[0]?.value, 1)
  },
)
