import { createSecureContext } from 'node:tls'
import t from 'tap'
import { ActiveChecks } from '../../../src/health/active-check.ts'
import { bad, type CheckResult, GOOD } from '../../../src/health/check-result.ts'
import { createLogger } from '../../../src/observe/logger.ts'
import { recordFailure } from '../../../src/pools/ejection.ts'
import type { Pool } from '../../../src/pools/pool.ts'
import type { Server } from '../../../src/pools/server.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'

const secureContext = createSecureContext()
const INTERVAL_MS = 1_000

interface Asked {
  readonly server: string
  readonly atMs: number
  isGivenUp: boolean
  answer(result: CheckResult): void
}

/** A clock that stands still until it is told, and servers that answer when they are told. */
function fakeWorld() {
  const registry = new ServerRegistry()
  const lines: Record<string, unknown>[] = []
  const timers = new Set<{ atMs: number; act: () => void }>()
  const asked: Asked[] = []
  let nowMs = 0
  const { logger } = createLogger({
    level: 'debug',
    destination: { write: (text) => void lines.push(JSON.parse(text)) },
  })
  const checks = new ActiveChecks({
    logger,
    now: () => nowMs,
    chance: () => 0.5,
    after: (ms, act) => {
      const timer = { atMs: nowMs + ms, act }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    ask: (server, _check, done) => {
      const own: Asked = {
        server: server.address,
        atMs: nowMs,
        isGivenUp: false,
        answer: done,
      }
      asked.push(own)
      return () => {
        own.isGivenUp = true
      }
    },
  })
  const serverOf = (
    address: string,
    timing: Partial<{ rise: number; intervalMs: number }> = {},
  ): Server => ({
    address,
    httpPort: 8080,
    httpsPort: 4443,
    weight: 1,
    isDrainedByFile: false,
    check: {
      key: address,
      target: { kind: 'tcp', port: 4443 },
      timing: { intervalMs: INTERVAL_MS, timeoutMs: 500, rise: 2, fall: 3, ...timing },
      health: registry.healthOf(address),
    },
    tls: { secureContext, serverName: address, insecureSkipVerify: false },
    affinityKey: address,
    facts: registry.draft().factsOf(address, address),
  })
  return {
    checks,
    asked,
    registry,
    serverOf,
    messages: () =>
      lines.map(({ msg, server, reason }) => [msg, server, reason].filter(Boolean).join(' ')),
    timers,
    now: () => nowMs,
    pass(ms: number) {
      const untilMs = nowMs + ms
      for (;;) {
        const [next] = [...timers]
          .filter(({ atMs }) => atMs <= untilMs)
          .sort((a, b) => a.atMs - b.atMs)
        if (!next) break
        timers.delete(next)
        nowMs = next.atMs
        next.act()
      }
      nowMs = untilMs
    },
    /** Answers the last question. */
    answer: (result: CheckResult) => asked.at(-1)?.answer(result),
  }
}

function poolOf(name: string, servers: readonly Server[]): Pool {
  return {
    name,
    servers,
    affinity: 'cookie',
    rewriteLocation: false,
    lastResort: false,
    byAffinityKey: new Map(),
  }
}

t.test('every change of state is in the log, with its reason', async (t) => {
  const world = fakeWorld()
  world.checks.watch([poolOf('pool01', [world.serverOf('fe01')])])
  for (const result of [GOOD, bad('status 503'), bad('status 503'), bad('refused'), GOOD, GOOD]) {
    world.answer(result)
    world.pass(INTERVAL_MS)
  }
  t.same(world.messages(), [
    'pool is watched',
    'server is healthy fe01:4443',
    'server is unhealthy fe01:4443 refused',
    'pool has no healthy server',
    'server is healthy fe01:4443',
  ])
  t.same(
    world.asked.map(({ atMs }) => atMs),
    [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000],
  )
  t.equal(world.registry.healthOf('fe01').returnedAtMs, 5_000, 'it is eased in from then on')
})

t.test('checks of one server never overlap', async (t) => {
  const world = fakeWorld()
  world.checks.watch([poolOf('pool01', [world.serverOf('fe01')])])
  world.pass(INTERVAL_MS * 5)
  t.equal(world.asked.length, 1)
  world.answer(bad('no answer within 5000 ms'))
  world.pass(0)
  t.equal(world.asked.length, 2, 'a late one is followed at once')
})

t.test('one check serves all pools that ask the same', async (t) => {
  const world = fakeWorld()
  const pools = [poolOf('a', [world.serverOf('fe01')]), poolOf('b', [world.serverOf('fe01')])]
  world.checks.watch(pools)
  t.equal(world.asked.length, 1)
  world.answer(bad('status 500'))
  t.equal(world.messages().filter((each) => each.startsWith('server is unhealthy')).length, 2)
})

t.test('no more than 32 run at once', async (t) => {
  const world = fakeWorld()
  const servers = Array.from({ length: 40 }, (_, n) => world.serverOf(`fe${n}`))
  world.checks.watch([poolOf('pool01', servers)])
  t.equal(world.asked.length, 32)
  world.asked[0]?.answer(GOOD)
  t.equal(world.asked.length, 33)
  world.checks.stop()
  t.equal(world.asked.filter(({ isGivenUp }) => isGivenUp).length, 32)
  t.equal(world.timers.size, 0)
  world.pass(INTERVAL_MS * 10)
  t.equal(world.asked.length, 33, 'nothing comes after the end')
})

t.test('a configuration later', async (t) => {
  const world = fakeWorld()
  world.checks.watch([poolOf('pool01', [world.serverOf('fe01'), world.serverOf('fe02')])])
  for (const each of [...world.asked]) each.answer(bad('status 503'))
  world.checks.watch([
    poolOf('pool01', [world.serverOf('fe01', { rise: 1 }), world.serverOf('fe03')]),
  ])
  t.equal(world.registry.healthOf('fe01').status, 'unhealthy', 'state goes on')
  t.same(
    world.asked.map(({ server }) => server),
    ['fe01', 'fe02', 'fe03'],
    'only what is new is asked at once',
  )
  world.pass(INTERVAL_MS)
  const again = world.asked.filter(({ atMs }) => atMs === INTERVAL_MS)
  t.same(
    again.map(({ server }) => server),
    ['fe01'],
    'what has gone is asked no more',
  )
  again[0]?.answer(GOOD)
  t.equal(world.registry.healthOf('fe01').status, 'healthy', 'the new rise counts')
})

t.test('what is known', async (t) => {
  const world = fakeWorld()
  const old = world.serverOf('fe01')
  world.checks.watch([poolOf('pool01', [old])])
  world.answer(GOOD)
  t.ok(world.checks.isSettled)
  world.checks.watch([poolOf('pool01', [world.serverOf('fe02')])])
  t.equal(old.check?.health.status, 'unknown', 'is forgotten with the server')
  t.ok(world.checks.isSettled, 'and a new one does not take the readiness away')
})

t.test('a shorter interval counts at once', async (t) => {
  const world = fakeWorld()
  const slow = world.serverOf('fe01')
  world.checks.watch([poolOf('pool01', [world.serverOf('fe01', { intervalMs: 3_600_000 })])])
  world.answer(GOOD)
  world.checks.watch([poolOf('pool01', [slow])])
  t.equal(world.asked.length, 2)
  world.checks.watch([poolOf('pool01', [slow])])
  world.answer(GOOD)
  world.checks.watch([poolOf('pool01', [slow])])
  t.equal(world.asked.length, 2, 'the same one changes nothing')
  world.pass(INTERVAL_MS)
  t.equal(world.asked.length, 3)
})

t.test('ready means that every first result is there, or its time is over', async (t) => {
  const world = fakeWorld()
  world.checks.watch([poolOf('pool01', [world.serverOf('fe01'), world.serverOf('fe02')])])
  t.notOk(world.checks.isSettled)
  world.asked[0]?.answer(bad('status 503'))
  t.notOk(world.checks.isSettled)
  world.asked[1]?.answer(GOOD)
  t.ok(world.checks.isSettled)

  const slow = fakeWorld()
  slow.checks.watch([poolOf('pool01', [slow.serverOf('fe01')])])
  slow.pass(499)
  t.notOk(slow.checks.isSettled)
  slow.pass(1)
  t.ok(slow.checks.isSettled)

  const none = fakeWorld()
  none.checks.watch([poolOf('pool01', [{ ...none.serverOf('fe01'), check: undefined }])])
  t.ok(none.checks.isSettled)
  t.equal(none.asked.length, 0)
})

t.test('a check that finds a server healthy again ends its ejection', async (t) => {
  const world = fakeWorld()
  const server = world.serverOf('fe01')
  world.checks.watch([poolOf('pool01', [server])])
  world.answer(bad('connection refused'))
  const { ejection } = server.facts
  recordFailure(ejection, { kind: 'connect', startedAtMs: 0, nowMs: 0 }, () => false)
  world.pass(INTERVAL_MS)
  world.answer(GOOD)
  t.ok(ejection.isOut)
  world.pass(INTERVAL_MS)
  world.answer(GOOD)
  t.notOk(ejection.isOut)
})
