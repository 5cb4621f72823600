/** A stop that comes while a configuration is being adopted. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'
import { loadConfiguration } from '../../../src/runtime/load-configuration.ts'
import { LocalTraffic } from '../../../src/runtime/local-traffic.ts'
import { Runtime } from '../../../src/runtime/runtime.ts'
import { collectLog } from '../../support/collected-log.ts'
import { freePorts } from '../../support/free-ports.ts'

/** A traffic whose commits take as long as the test wants, as those of worker processes do. */
async function start(t: Test) {
  const [port = 0] = await freePorts(1)
  const rules = `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${port} }]
pools: { pool01: { product: other, servers: [127.0.0.1], health: { check: none } } }
rules: [{ name: Web, publish: anything, hosts: [a.example], pool: pool01, http: forward }]
`
  const file = join(t.testdir({ 'lyncgate.yaml': rules }), 'lyncgate.yaml')
  const registry = new ServerRegistry()
  const load = async (revision: number) => {
    const loaded = await loadConfiguration(file, { registry, revision, now: new Date() })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.problems))
    return loaded.value.built
  }
  const { logger } = collectLog('info')
  const traffic = new LocalTraffic(logger)
  let goOn = (): void => {}
  let hasBegun: Promise<void> = Promise.resolve()
  const hold = (): void => {
    const prepare = traffic.prepare.bind(traffic)
    let begin = (): void => {}
    hasBegun = new Promise((resolve) => {
      begin = resolve
    })
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    traffic.prepare = async (next) => {
      const prepared = await prepare(next)
      if (!prepared.ok) return prepared
      const commit = async (): Promise<void> => {
        begin()
        await held
        await prepared.value.commit()
      }
      return { ok: true, value: { ...prepared.value, commit } }
    }
  }
  const started = await Runtime.start(await load(1), logger, { traffic })
  if (!started.ok) throw new Error(started.error.message)
  const runtime = started.value
  t.teardown(() => runtime.kill())
  hold()
  const adopting = runtime.adopt(await load(2))
  await hasBegun
  return { runtime, adopting, goOn: () => goOn() }
}

t.test('stopping, it does not become ready again', async (t) => {
  const { runtime, adopting, goOn } = await start(t)
  t.ok(runtime.isReady)
  const stopped = runtime.stop({ unreadyMs: 50, drainMs: 0 })
  t.notOk(runtime.isReady)
  goOn()
  t.match(await adopting, { ok: true })
  t.notOk(runtime.isReady, 'as a load balancer has been told')
  await stopped
})

t.test('killed, it adopts nothing', async (t) => {
  const { runtime, adopting, goOn } = await start(t)
  const killed = runtime.kill()
  goOn()
  t.same(await adopting, { ok: false, error: 'stopping' })
  await killed
  t.equal(runtime.built.revision, 1)
})
