/** A worker, spoken to as its primary does. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadRules } from '../../../src/config/load.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'
import { isEjected } from '../../../src/pools/ejection.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'
import { buildSnapshot } from '../../../src/runtime/build-snapshot.ts'
import { knowledgeOf } from '../../../src/workers/knowledge.ts'
import type { FromWorker, Knowledge, ToWorker } from '../../../src/workers/messages.ts'
import { Worker } from '../../../src/workers/serve.ts'
import { startAnsweringBackend } from '../../support/answering-backend.ts'
import { collectLog } from '../../support/collected-log.ts'
import { freePorts } from '../../support/free-ports.ts'
import { HOST } from '../../support/lab-proxy.ts'
import { rulesText } from '../../support/reloading-proxy.ts'

async function start(t: Test) {
  const [one, two] = [await startAnsweringBackend(t), await startAnsweringBackend(t)]
  const [port = 0] = await freePorts(1)
  const rules = rulesText({
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
    pools: { pool01: [one, two] },
    rules: [
      '{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }',
    ],
  })
  const directory = t.testdir({ 'lyncgate.yaml': rules.replace('tls: { ca: root.pem }', '') })
  const loaded = await loadRules(join(directory, 'lyncgate.yaml'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const registry = new ServerRegistry()
  const built = await buildSnapshot(loaded.value, { registry, revision: 7, now: new Date() })
  if (!built.ok) throw new Error(JSON.stringify(built.error))
  built.value.servers.adopt()

  const sent: FromWorker[] = []
  let hasEnded = false
  const worker = new Worker({
    logger: collectLog('info').logger,
    sharesPorts: false,
    collectProcess: () => [],
    send: (message) => void sent.push(structuredClone(message)),
    end: () => {
      hasEnded = true
    },
  })
  t.teardown(() => worker.onMessage({ kind: 'kill' }))
  let asked = 0
  const ask = async (message: object): Promise<unknown> => {
    const number = ++asked
    // As if it had gone from process to process.
    await worker.onMessage(structuredClone({ ...message, ask: number }) as ToWorker)
    const answer = sent.find((each) => each.kind === 'answer' && each.ask === number)
    return answer?.kind === 'answer' ? answer.value : 'no answer'
  }
  const prepare = () => ask({ kind: 'prepare', material: built.value.material })
  const commit = (knowledge?: Knowledge) => ask({ kind: 'commit', knowledge })
  const statusOf = async (): Promise<number> => {
    const client = await connectRaw({ port })
    t.teardown(() => client.close())
    return (await client.request('GET /', [HOST])).status
  }
  const backends = [one, two]
  return {
    worker,
    built: built.value,
    registry,
    port,
    prepare,
    commit,
    ask,
    statusOf,
    sent,
    backends,
    ended: () => hasEnded,
  }
}

t.test('prepared, nobody is served; committed, everybody is', async (t) => {
  const { prepare, commit, port, statusOf } = await start(t)
  t.equal(await prepare(), undefined)
  const early = await connectRaw({ port })
  t.teardown(() => early.close())
  const answer = early.request('GET /', [HOST])
  t.match(await commit(), { ports: [{ name: 'internet', httpPort: port }] })
  t.equal((await answer).status, 200, 'who came in between was kept waiting')
  t.equal(await statusOf(), 200)
})

t.test('discarded, the port is closed again', async (t) => {
  const { prepare, ask, port } = await start(t)
  t.equal(await prepare(), undefined)
  await ask({ kind: 'discard' })
  await t.rejects(connectRaw({ port }), { code: 'ECONNREFUSED' })
})

t.test('what the others know: health, ejections, drains', async (t) => {
  const { prepare, commit, worker, built, registry, statusOf, backends } = await start(t)
  const [first, second] = built.pools.get('pool01')?.servers ?? []
  if (!first || !second) throw new Error('no servers')
  registry.drain(first.facts.place, true)
  const knowledge = knowledgeOf(built, { staples: [], shapes: [] }, performance.now())
  t.same(knowledge.drained, [first.facts.place])
  await prepare()
  await commit(knowledge)
  for (let n = 0; n < 6; n++) t.equal(await statusOf(), 200)
  t.equal(backends[0]?.connections.length, 0, 'drained by command before the worker began')

  await worker.onMessage({ kind: 'drain', place: first.facts.place, isDrained: false })
  const note = { kind: 'ejected', key: second.facts.key, cause: 'connect', forMs: 60_000 } as const
  await worker.onMessage({ kind: 'ejection', note })
  const before = backends[1]?.connections.length
  for (let n = 0; n < 6; n++) t.equal(await statusOf(), 200)
  t.equal(backends[1]?.connections.length, before, 'ejected by another worker')
  t.ok((backends[0]?.connections.length ?? 0) >= 6)

  await worker.onMessage({ kind: 'ejection', note: { kind: 'returned', key: second.facts.key } })
  for (let n = 0; n < 60 && backends[1]?.connections.length === before; n++) await statusOf()
  t.not(backends[1]?.connections.length, before, 'and found back by it')
})

t.test(
  'what it finds out itself is told: an ejection, connections, requests in progress',
  async (t) => {
    const { prepare, commit, ask, sent, backends, statusOf, built, registry } = await start(t)
    await prepare()
    await commit()
    await backends[0]?.stop()
    while (!sent.some(({ kind }) => kind === 'ejection')) await statusOf()
    const [first] = built.pools.get('pool01')?.servers ?? []
    t.match(
      sent.find(({ kind }) => kind === 'ejection'),
      { note: { kind: 'ejected', key: first?.facts.key, cause: 'connect', forMs: 5_000 } },
    )
    t.notOk(isEjected(registry.find(first?.facts.key ?? '')?.ejection ?? never, performance.now()))
    await ask({ kind: 'leave' })
    const pulses = sent.flatMap((each) => (each.kind === 'pulse' ? [each.pulse] : []))
    t.ok(
      pulses.some(({ connections }) => connections.open > 0),
      'connections',
    )
  },
)

t.test('the limits of all workers', async (t) => {
  const { prepare, commit, worker, port } = await start(t)
  await prepare()
  await commit()
  const clients = new Map([['127.0.0.1', 5_000]])
  const connections = { open: 5_000, clients, listeners: new Map() }
  await worker.onMessage({ kind: 'elsewhere', connections })
  const client = await connectRaw({ port })
  t.teardown(() => client.close())
  t.equal((await client.request('GET /', [HOST])).status, 429)
})

t.test('killed, it ends; without its primary, it ends when nobody is left', async (t) => {
  const first = await start(t)
  await first.prepare()
  await first.commit()
  await first.worker.onMessage({ kind: 'kill' })
  t.ok(first.ended())
  const second = await start(t)
  await second.prepare()
  await second.commit()
  await second.worker.onPrimaryGone()
  while (!second.ended()) await new Promise((resolve) => setTimeout(resolve, 20))
  await t.rejects(connectRaw({ port: second.port }), { code: 'ECONNREFUSED' })
})

const never = { untilMs: Number.NEGATIVE_INFINITY } as Parameters<typeof isEjected>[0]
