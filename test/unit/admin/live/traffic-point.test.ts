/** From counts of processes to what happened in between. */
import t from 'tap'
import { percentile, pointOf } from '../../../../src/admin/live/traffic-point.ts'
import { EXCHANGE_SECONDS } from '../../../../src/observe/metrics/buckets.ts'
import type { RuleLoad, TrafficLook } from '../../../../src/runtime/look-at-traffic.ts'

const buckets = (counts: Readonly<Record<number, number>>): number[] =>
  Array.from({ length: EXCHANGE_SECONDS.length + 1 }, (_, at) => counts[at] ?? 0)

const load = (more: Partial<RuleLoad>): RuleLoad => ({
  rule: 'Web',
  outcomes: {},
  serverErrors: 0,
  firstByte: buckets({}),
  running: 0,
  longPolls: 0,
  tunnels: 0,
  ...more,
})

const look = (process: number, rules: readonly RuleLoad[], more: Partial<TrafficLook> = {}) => ({
  process,
  rules,
  connections: 0,
  streams: {},
  unreadable: {},
  refusedConnections: 0,
  recent: undefined,
  ...more,
})

const interval = { at: new Date(0), seconds: 2 }

t.test('what each process has counted since the look before is added up', async (t) => {
  const before = new Map([
    [1, look(1, [load({ outcomes: { done: 10, 'policy-refused': 1 } })])],
    [2, look(2, [load({ outcomes: { done: 5 } })])],
  ])
  const looks = [
    look(1, [load({ outcomes: { done: 14, 'policy-refused': 3 }, running: 2 })], {
      connections: 7,
      refusedConnections: 4,
      unreadable: { 'client-malformed': 2 },
    }),
    look(2, [load({ outcomes: { done: 6, 'backend-unreachable': 1 }, serverErrors: 1 })], {
      connections: 1,
    }),
  ]
  const { point, rules } = pointOf(before, looks, interval)
  t.match(point, {
    at: '1970-01-01T00:00:00.000Z',
    requests: 4 + 2 + 1 + 1,
    failed: 2,
    refused: 2 + 4 + 2,
    connections: 8,
    running: 2,
    refusals: { 'policy-refused': 2, 'connection-limit': 4, 'client-malformed': 2 },
  })
  t.match(rules, [{ rule: 'Web', requests: 8, failed: 2, refused: 2, running: 2 }])
})

t.test('a process that has replaced another one begins at 0', async (t) => {
  const before = new Map([[1, look(1, [load({ outcomes: { done: 1000 } })])]])
  const { point } = pointOf(before, [look(3, [load({ outcomes: { done: 2 } })])], interval)
  t.equal(point.requests, 2)
})

t.test('a rule that went and came back counts nothing twice, and nothing below 0', async (t) => {
  const before = new Map([[1, look(1, [load({ outcomes: { done: 1000 } })])]])
  t.equal(pointOf(before, [look(1, [load({ outcomes: { done: 3 } })])], interval).point.requests, 3)
  t.equal(pointOf(before, [look(1, [])], interval).point.requests, 0)
})

t.test('a client that left was not refused', async (t) => {
  const looks = [look(1, [load({ outcomes: { 'client-left': 3 } })])]
  t.match(pointOf(new Map(), looks, interval).point, { requests: 3, refused: 0, failed: 0 })
})

t.test('latency is read from buckets, without long polls', async (t) => {
  t.equal(percentile(buckets({}), 0.5), null)
  const second = EXCHANGE_SECONDS.indexOf(1)
  const long = EXCHANGE_SECONDS.length
  t.equal(percentile(buckets({ [second]: 10 }), 0.5), 750, 'the middle of 0.5 to 1 s')
  t.equal(percentile(buckets({ [second]: 10, [long]: 1000 }), 0.5), 750)
  t.equal(percentile(buckets({ [long]: 1000 }), 0.5), null)
  t.equal(percentile(buckets({ 0: 99, [second]: 1 }), 0.99), 5)
  t.ok((percentile(buckets({ 0: 98, [second]: 2 }), 0.99) ?? 0) > 500)
})
