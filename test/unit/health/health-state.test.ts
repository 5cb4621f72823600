import t from 'tap'
import { type HealthState, nextDelayMs, nextHealth } from '../../../src/health/health-state.ts'

const limits = { rise: 2, fall: 3 }

/** The states after each of the results: `+` good, `-` bad. */
function after(results: string, start: HealthState): string[] {
  let state = start
  return [...results].map((result) => {
    state = nextHealth(state, result === '+', limits)
    return `${state.status} ${state.contrary}`
  })
}

const unknown: HealthState = { status: 'unknown', contrary: 0 }
const healthy: HealthState = { status: 'healthy', contrary: 0 }
const unhealthy: HealthState = { status: 'unhealthy', contrary: 0 }

t.test('the first result counts at once', async (t) => {
  t.same(after('+', unknown), ['healthy 0'])
  t.same(after('-', unknown), ['unhealthy 0'])
})

t.test('after that it takes rise or fall results in a row', async (t) => {
  t.same(after('---', healthy), ['healthy 1', 'healthy 2', 'unhealthy 0'])
  t.same(after('++', unhealthy), ['unhealthy 1', 'healthy 0'])
})

t.test('a result that agrees starts the count anew', async (t) => {
  t.same(after('--+--', healthy).at(-1), 'healthy 2')
  t.same(after('+-+', unhealthy).at(-1), 'unhealthy 1')
})

t.test('the interval is kept give or take a tenth, from start to start', async (t) => {
  t.equal(nextDelayMs(10_000, 0, 0), 9_000)
  t.equal(nextDelayMs(10_000, 0, 0.5), 10_000)
  t.equal(nextDelayMs(10_000, 0, 1), 11_000)
  t.equal(nextDelayMs(10_000, 4_000, 0.5), 6_000)
  t.equal(nextDelayMs(10_000, 12_000, 0.5), 0, 'never a time in the past')
})
