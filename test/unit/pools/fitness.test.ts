import { createSecureContext } from 'node:tls'
import t from 'tap'
import { chooseNextServer, chooseServer } from '../../../src/pools/choose-server.ts'
import { recordFailure } from '../../../src/pools/ejection.ts'
import { effectiveWeight, explainUnusable, isLastUsable } from '../../../src/pools/fitness.ts'
import type { Pool } from '../../../src/pools/pool.ts'
import type { Server } from '../../../src/pools/server.ts'
import type { HealthStatus } from '../../../src/pools/server-check.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'

const secureContext = createSecureContext()
const NOW = 100_000

interface Shape {
  readonly status?: HealthStatus
  readonly isDraining?: boolean
  readonly isEjected?: boolean
}

function poolOf(shapes: readonly Shape[], lastResort = false): Pool {
  const registry = new ServerRegistry()
  const servers = shapes.map(({ status, isDraining, isEjected }, index): Server => {
    const address = `fe0${index + 1}`
    const facts = registry.draft().factsOf(address, address)
    const health = registry.healthOf(address)
    health.status = status ?? 'healthy'
    if (status === 'unhealthy') health.reason = 'status 503'
    if (isEjected) {
      const failure = { kind: 'connect', startedAtMs: NOW - 1, nowMs: NOW - 1 } as const
      recordFailure(facts.ejection, failure, () => false)
    }
    return {
      address,
      httpPort: 8080,
      httpsPort: 4443,
      weight: 2,
      isDrainedByFile: isDraining ?? false,
      check: {
        key: address,
        target: { kind: 'tcp', port: 4443 },
        timing: { intervalMs: 1, timeoutMs: 1, rise: 1, fall: 1 },
        health,
      },
      tls: { secureContext, serverName: address, insecureSkipVerify: false },
      affinityKey: `key-${address}`,
      facts,
    }
  })
  return {
    name: 'pool01',
    servers,
    affinity: 'cookie',
    rewriteLocation: false,
    lastResort,
    byAffinityKey: new Map(servers.map((server) => [server.affinityKey, server])),
  }
}

/** Who serves a client; `cookie` names the server it knows. */
function chosen(pool: Pool, cookie?: string): string | undefined {
  const affinityKey = cookie && `key-${cookie}`
  const hints = { affinityKey, clientAddress: '192.0.2.1', nowMs: NOW }
  return chooseServer(pool, hints)?.server.address
}

t.test('the fitter one serves', async (t) => {
  const classes: Shape[] = [
    {},
    { isEjected: true },
    { status: 'unknown' },
    { status: 'unknown', isEjected: true },
    { status: 'unhealthy' },
    { status: 'unhealthy', isEjected: true },
  ]
  for (const [index, better] of classes.entries()) {
    for (const worse of classes.slice(index + 1))
      t.equal(chosen(poolOf([worse, better], true)), 'fe02', JSON.stringify({ better, worse }))
  }
})

t.test('without a usable server there is no choice', async (t) => {
  const down: Shape = { status: 'unhealthy' }
  const pool = poolOf([down, { isDraining: true }])
  t.equal(chosen(pool), undefined)
  t.equal(chosen(pool, 'fe01'), undefined)
  t.equal(explainUnusable(pool), 'fe01:4443: status 503; fe02:4443: draining')
  t.equal(chosen(poolOf([down])), undefined)
  t.equal(chosen(poolOf([down], true)), 'fe01', 'but as a last resort')
  t.equal(chosen(poolOf([{ isDraining: true }], true)), undefined, 'which draining is not')
})

t.test('a cookie', async (t) => {
  t.equal(chosen(poolOf([{ isDraining: true }, {}]), 'fe01'), 'fe01', 'holds while draining')
  t.equal(chosen(poolOf([{ isDraining: true }, {}])), 'fe02', 'which no new client sees')
  t.equal(chosen(poolOf([{ status: 'unknown' }, {}]), 'fe01'), 'fe01', 'holds after a restart')
  t.equal(chosen(poolOf([{ status: 'unhealthy' }, {}]), 'fe01'), 'fe02', 'moves')
  t.equal(chosen(poolOf([{ isEjected: true }, {}]), 'fe01'), 'fe02', 'moves')
  const lost: Shape = { status: 'unhealthy', isDraining: true }
  t.equal(chosen(poolOf([lost, {}]), 'fe01'), 'fe02', 'moves from a draining one that fails')
  const down: Shape = { status: 'unhealthy' }
  for (const name of ['fe01', 'fe02', 'fe03'])
    t.equal(chosen(poolOf([down, down, down], true), name), name, 'holds when all are unhealthy')
})

t.test('fail-over takes the next best, down to the last resort', async (t) => {
  const pool = poolOf(
    [{ status: 'unhealthy' }, {}, { status: 'unknown' }, { isDraining: true }],
    true,
  )
  const hints = { affinityKey: undefined, clientAddress: '192.0.2.1', nowMs: NOW }
  const tried = new Set<Server>()
  const order: string[] = []
  for (;;) {
    const next = chooseNextServer(pool, hints, tried)
    if (!next) break
    tried.add(next.server)
    order.push(next.server.address)
  }
  t.same(order, ['fe02', 'fe03', 'fe01'])
})

t.test('the last usable server is known', async (t) => {
  const isLast = (pool: Pool): boolean => {
    const [first] = pool.servers
    return first !== undefined && isLastUsable(pool, first, NOW)
  }
  t.ok(isLast(poolOf([{}])))
  t.notOk(isLast(poolOf([{}, {}])))
  for (const other of [
    { isEjected: true },
    { status: 'unhealthy' },
    { status: 'unknown' },
    { isDraining: true },
  ] as const)
    t.ok(isLast(poolOf([{}, other], true)), JSON.stringify(other))
})

t.test('a server that has come back is eased in over thirty seconds', async (t) => {
  const [server] = poolOf([{}]).servers
  if (!server?.check) throw new Error('it has a check')
  const { health } = server.check
  t.equal(effectiveWeight(server, 0), 2, 'not at the start')
  health.returnedAtMs = 1_000
  const weights = [1_000, 4_000, 16_000, 31_000, 90_000].map((ms) => effectiveWeight(server, ms))
  t.same(weights, [0.2, 0.2, 1, 2, 2])
  health.returnedAtMs = 0
  server.facts.ejection.returnedAtMs = 1_000
  t.equal(effectiveWeight(server, 16_000), 1, 'after an ejection too')
})

t.test('least connections follow the weight of the moment', async (t) => {
  const pool = poolOf([{}, {}])
  const [one, two] = pool.servers
  if (!one?.check || !two) throw new Error('there are two')
  one.check.health.returnedAtMs = NOW - 15_000
  for (let open = 0; open < 300; open++) {
    const hints = { affinityKey: undefined, clientAddress: '192.0.2.1', nowMs: NOW }
    const choice = chooseServer(pool, hints)
    if (choice) choice.server.facts.inFlight++
  }
  t.same([one.facts.inFlight, two.facts.inFlight], [100, 200])
})
