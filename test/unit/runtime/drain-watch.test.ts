import t from 'tap'
import type { Pool } from '../../../src/pools/pool.ts'
import type { Server, ServerFacts } from '../../../src/pools/server.ts'
import { DrainWatch } from '../../../src/runtime/drain-watch.ts'
import { collectLog } from '../../support/collected-log.ts'

function start() {
  const { logger, lines } = collectLog('info')
  const facts = (place: string) =>
    ({ place, inFlight: 0, pinned: 0, isDrainedByCommand: false }) as ServerFacts
  const servers = ['fe01', 'fe02'].map(
    (address) =>
      ({
        address,
        httpsPort: 4443,
        isDrainedByFile: false,
        facts: facts(`pool01/${address}`),
      }) as Server,
  )
  const pool = { name: 'pool01', servers } as unknown as Pool
  let next: (() => void) | undefined
  const watch = new DrainWatch({
    logger,
    pools: () => [pool],
    isVacant: (place) =>
      !servers.some(({ facts }) => facts.place === place && facts.inFlight + facts.pinned > 0),
    after: (_ms, act) => {
      next = act
      return () => {
        next = undefined
      }
    },
  })
  return {
    watch,
    servers,
    facts: servers.map((server) => server.facts),
    said: () => lines.map(({ server }) => server),
    isLooking: () => next !== undefined,
    tick: () => {
      const act = next
      next = undefined
      act?.()
    },
  }
}

t.test('once per drain, and nobody looks while nothing drains', async (t) => {
  const { watch, servers, facts, said, isLooking, tick } = start()
  const [one, two] = facts as [ServerFacts, ServerFacts]
  watch.look()
  t.notOk(isLooking())

  one.isDrainedByCommand = true
  Object.assign(one, { inFlight: 1, pinned: 1 })
  watch.look()
  tick()
  one.inFlight = 0
  tick()
  t.same(said(), [], 'somebody is still signed in')
  one.pinned = 0
  tick()
  t.same(said(), ['fe01:4443'])
  t.ok(watch.isEmpty(servers[0] as Server))
  t.notOk(isLooking(), 'all is said')
  one.inFlight = 1

  t.notOk(watch.isEmpty(servers[0] as Server))

  two.isDrainedByCommand = true
  watch.look()
  tick()
  t.same(said(), ['fe01:4443'], 'what the first look sees may be older than the drain')
  t.notOk(watch.isEmpty(servers[1] as Server))
  one.inFlight = 0
  tick()
  t.same(said(), ['fe01:4443', 'fe02:4443'], 'a conversation that comes back is no second drain')

  one.isDrainedByCommand = false
  watch.look()
  one.isDrainedByCommand = true
  watch.look()
  t.notOk(watch.isEmpty(servers[0] as Server))
  tick()
  tick()
  t.same(said(), ['fe01:4443', 'fe02:4443', 'fe01:4443'], 'another drain')
})

t.test('stop', async (t) => {
  const { watch, facts, isLooking } = start()
  Object.assign(facts[0] ?? {}, { isDrainedByCommand: true })
  watch.look()
  t.ok(isLooking())
  watch.stop()
  t.notOk(isLooking())
})
