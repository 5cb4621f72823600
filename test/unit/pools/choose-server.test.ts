import { createSecureContext } from 'node:tls'
import t from 'tap'
import {
  type Choice,
  type ChoiceHints,
  chooseNextServer,
  chooseServer,
} from '../../../src/pools/choose-server.ts'
import type { Pool } from '../../../src/pools/pool.ts'
import { affinityKeyOf, type Server } from '../../../src/pools/server.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'

const secureContext = createSecureContext()

function poolOf(affinity: Pool['affinity'], weights: readonly number[]): Pool {
  const registry = new ServerRegistry().draft()
  const servers = weights.map((weight, index): Server => {
    const address = `fe0${index + 1}.contoso.local`
    return {
      address,
      httpPort: 8080,
      httpsPort: 4443,
      weight,
      isDrainedByFile: false,
      check: undefined,
      tls: { secureContext, serverName: address, insecureSkipVerify: false },
      affinityKey: affinityKeyOf('pool01', address, 4443),
      facts: registry.factsOf(address, address),
    }
  })
  return {
    name: 'pool01',
    servers,
    affinity,
    rewriteLocation: false,
    lastResort: false,
    byAffinityKey: new Map(servers.map((server) => [server.affinityKey, server])),
  }
}

const hints = (change: { affinityKey?: string; clientAddress?: string; nowMs?: number } = {}) => ({
  affinityKey: undefined,
  clientAddress: '192.0.2.1',
  nowMs: 1_000,
  ...change,
})

function choose(pool: Pool, given: ChoiceHints): Choice {
  const choice = chooseServer(pool, given)
  if (!choice) throw new Error('no server may be used')
  return choice
}

/** How often each server is chosen in so many choices. */
function shares(pool: Pool, choices: number): number[] {
  const counts = new Map(pool.servers.map((server) => [server, 0]))
  for (let n = 0; n < choices; n++) {
    const { server } = choose(pool, hints({ clientAddress: `192.0.${n >> 8}.${n & 255}` }))
    counts.set(server, (counts.get(server) ?? 0) + 1)
  }
  return [...counts.values()]
}

t.test('an idle pool shares its work in proportion to the weights', async (t) => {
  for (const affinity of ['none', 'cookie'] as const) {
    const [one = 0, two = 0, three = 0] = shares(poolOf(affinity, [1, 2, 1]), 4_000)
    t.ok(Math.abs(one - 1_000) < 20, `${one} of 4000`)
    t.ok(Math.abs(two - 2_000) < 20, `${two} of 4000`)
    t.ok(Math.abs(three - 1_000) < 20, `${three} of 4000`)
  }
})

t.test('equal servers take turns', async (t) => {
  const [one = 0, two = 0] = shares(poolOf('none', [1, 1]), 100)
  t.ok(one >= 48 && one <= 52 && one + two === 100, `${one} and ${two}`)
})

t.test('the least loaded one is chosen, in proportion to its weight', async (t) => {
  const pool = poolOf('none', [1, 2])
  const [one, two] = pool.servers
  if (!one || !two) throw new Error('the pool has two servers')
  for (let open = 0; open < 300; open++) choose(pool, hints()).server.facts.inFlight++
  t.same([one.facts.inFlight, two.facts.inFlight], [100, 200])
  one.facts.inFlight = 3
  two.facts.inFlight = 5
  t.equal(choose(pool, hints()).server, two, '5/2 is less than 3/1')
  two.facts.inFlight = 7
  t.equal(choose(pool, hints()).server, one, '3/1 is less than 7/2')
})

t.test('the cookie goes before the load', async (t) => {
  const pool = poolOf('cookie', [1, 1])
  for (const server of pool.servers) {
    server.facts.inFlight = 1_000
    t.same(choose(pool, hints({ affinityKey: server.affinityKey })), {
      server,
      source: 'cookie',
    })
    server.facts.inFlight = 0
  }
  t.equal(choose(pool, hints({ affinityKey: 'unknown' })).source, 'balance')
  t.equal(choose(pool, hints()).source, 'balance')
})

t.test('a cookie means nothing to a pool without cookie affinity', async (t) => {
  const pool = poolOf('none', [1, 1])
  const [one, two] = pool.servers
  if (!one || !two) throw new Error('the pool has two servers')
  one.facts.inFlight = 1
  t.same(choose(pool, hints({ affinityKey: one.affinityKey })), {
    server: two,
    source: 'balance',
  })
})

t.test('source affinity', async (t) => {
  t.test('is stable for an address and shares in proportion to the weights', async (t) => {
    const pool = poolOf('source', [1, 3])
    for (let n = 0; n < 50; n++) {
      const clientAddress = `198.51.100.${n}`
      const { server, source } = choose(pool, hints({ clientAddress }))
      server.facts.inFlight++
      t.equal(source, 'source')
      t.equal(choose(pool, hints({ clientAddress })).server, server)
    }
    const [one = 0] = shares(pool, 4_000)
    t.ok(one > 800 && one < 1_200, `${one} of 4000 for a quarter of the weight`)
  })

  t.test('moves only the clients of a server that goes', async (t) => {
    const pool = poolOf('source', [1, 1, 1])
    const [gone] = pool.servers
    if (!gone) throw new Error('the pool has servers')
    for (let n = 0; n < 100; n++) {
      const clientAddress = `203.0.113.${n}`
      gone.facts.ejection.untilMs = 0
      const before = choose(pool, hints({ clientAddress })).server
      gone.facts.ejection.untilMs = 2_000
      const after = choose(pool, hints({ clientAddress })).server
      if (before === gone) t.not(after, gone)
      else t.equal(after, before)
    }
  })
})

t.test('a server that failed a moment ago', async (t) => {
  const pool = poolOf('cookie', [1, 1])
  const [one, two] = pool.servers
  if (!one || !two) throw new Error('the pool has two servers')
  one.facts.ejection.untilMs = 2_000
  const cookie = { affinityKey: one.affinityKey }
  t.same(choose(pool, hints(cookie)), { server: two, source: 'balance' }, 'is avoided')
  t.equal(choose(pool, hints({ ...cookie, nowMs: 2_000 })).server, one, 'for a while')
  two.facts.inFlight = 1_000
  t.equal(choose(pool, hints()).server, two, 'whatever the load')
  two.facts.ejection.untilMs = 2_000
  t.equal(choose(pool, hints()).server, one, 'unless there is no other')
})

t.test('after a failure every other server is tried once', async (t) => {
  for (const affinity of ['cookie', 'source', 'none'] as const) {
    const pool = poolOf(affinity, [1, 1, 1])
    const tried = new Set<Server>([choose(pool, hints()).server])
    for (let more = 1; more < 3; more++) {
      const next = chooseNextServer(pool, hints(), tried)
      t.equal(next?.source, 'failover')
      if (next) tried.add(next.server)
      t.equal(tried.size, more + 1)
    }
    t.equal(chooseNextServer(pool, hints(), tried), undefined)
  }
  const alone = poolOf('none', [1])
  t.equal(chooseNextServer(alone, hints(), new Set(alone.servers)), undefined)
})
