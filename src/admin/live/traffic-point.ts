/** From what processes have counted to what happened in between: one point of the charts. */
import { EXCHANGE_SECONDS } from '../../observe/metrics/buckets.ts'
import type { RuleLoad, TrafficLook } from '../../runtime/look-at-traffic.ts'
import { isRefusal, isTrouble } from './outcome-kind.ts'

/** What happened between two looks, over all processes. docs/admin-api.md has every key. */
export interface TrafficPoint {
  readonly at: string
  readonly seconds: number
  readonly requests: number
  readonly failed: number
  readonly refused: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly connections: number
  readonly running: number
  readonly longPolls: number
  readonly tunnels: number
  readonly refusals: Readonly<Record<string, number>>
}

/** The same for one rule; the empty name stands for no rule. */
export interface RulePoint {
  readonly rule: string
  readonly requests: number
  readonly failed: number
  readonly refused: number
  readonly p95: number | null
  readonly running: number
  readonly longPolls: number
  readonly tunnels: number
}

/** A stream at this moment. */
export interface StreamPoint {
  readonly stream: string
  readonly connections: number
}

export interface Sample {
  readonly point: TrafficPoint
  readonly rules: readonly RulePoint[]
  readonly streams: readonly StreamPoint[]
}

export interface Interval {
  readonly at: Date
  readonly seconds: number
}

/** Connections that were closed at once because a limit was reached, among the refusals. */
export const CONNECTION_LIMIT = 'connection-limit'

interface RuleCounts {
  outcomes: Record<string, number>
  serverErrors: number
  firstByte: number[]
  running: number
  longPolls: number
  tunnels: number
}

/**
 * @param before the looks before, by process: whoever is not among them has begun to count in between
 * @param looks one per process
 */
export function pointOf(
  before: ReadonlyMap<number, TrafficLook>,
  looks: readonly TrafficLook[],
  { at, seconds }: Interval,
): Sample {
  const byRule = new Map<string, RuleCounts>()
  const refusals: Record<string, number> = {}
  for (const look of looks) {
    const last = before.get(look.process)
    for (const load of look.rules)
      addRule(
        byRule,
        load,
        last?.rules.find(({ rule }) => rule === load.rule),
      )
    addGrowth(refusals, look.unreadable, last?.unreadable)
    const limit = { [CONNECTION_LIMIT]: look.refusedConnections }
    addGrowth(refusals, limit, { [CONNECTION_LIMIT]: last?.refusedConnections ?? 0 })
  }
  const all = emptyCounts()
  for (const counts of byRule.values()) addCounts(all, counts)
  for (const [code, count] of Object.entries(all.outcomes))
    if (isRefusal(code)) refusals[code] = (refusals[code] ?? 0) + count
  const { rule, ...numbers } = rulePoint('', all)
  const point: TrafficPoint = {
    at: at.toISOString(),
    seconds,
    ...numbers,
    p50: percentile(all.firstByte, 0.5),
    p99: percentile(all.firstByte, 0.99),
    connections: sumOf(looks.map(({ connections }) => connections)),
    refused: sumOf(Object.values(refusals)),
    refusals,
  }
  const rules = [...byRule].map(([name, counts]) => rulePoint(name, counts))
  return { point, rules, streams: streamPoints(looks) }
}

const emptyCounts = (): RuleCounts => ({
  outcomes: {},
  serverErrors: 0,
  firstByte: Array.from({ length: EXCHANGE_SECONDS.length + 1 }, () => 0),
  running: 0,
  longPolls: 0,
  tunnels: 0,
})

function addRule(byRule: Map<string, RuleCounts>, load: RuleLoad, last: RuleLoad | undefined) {
  const sum = byRule.get(load.rule) ?? emptyCounts()
  byRule.set(load.rule, sum)
  addGrowth(sum.outcomes, load.outcomes, last?.outcomes)
  sum.serverErrors += growth(load.serverErrors, last?.serverErrors)
  for (const [at, count] of load.firstByte.entries())
    sum.firstByte[at] = (sum.firstByte[at] ?? 0) + growth(count, last?.firstByte[at])
  sum.running += load.running
  sum.longPolls += load.longPolls
  sum.tunnels += load.tunnels
}

function addCounts(sum: RuleCounts, more: RuleCounts): void {
  addGrowth(sum.outcomes, more.outcomes, undefined)
  sum.serverErrors += more.serverErrors
  for (const [at, count] of more.firstByte.entries())
    sum.firstByte[at] = (sum.firstByte[at] ?? 0) + count
  sum.running += more.running
  sum.longPolls += more.longPolls
  sum.tunnels += more.tunnels
}

/** A rule that was taken out of the file and came back counts from 0 again. */
const growth = (now: number, before = 0): number => (now >= before ? now - before : now)

function addGrowth(
  sums: Record<string, number>,
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>> | undefined,
): void {
  for (const [key, value] of Object.entries(now)) {
    const more = growth(value, before?.[key])
    if (more > 0) sums[key] = (sums[key] ?? 0) + more
  }
}

function rulePoint(rule: string, counts: RuleCounts): RulePoint {
  const { outcomes, serverErrors, firstByte, running, longPolls, tunnels } = counts
  const count = (counts: (outcome: string) => boolean): number =>
    sumOf(Object.entries(outcomes).map(([outcome, value]) => (counts(outcome) ? value : 0)))
  return {
    rule,
    requests: count(() => true),
    failed: count(isTrouble) + serverErrors,
    refused: count(isRefusal),
    p95: percentile(firstByte, 0.95),
    running,
    longPolls,
    tunnels,
  }
}

/** Buckets above it hold conversations that wait on purpose. */
const LONGEST_SECONDS = 10
const SHORT_BUCKETS = EXCHANGE_SECONDS.filter((bound) => bound <= LONGEST_SECONDS)

/**
 * Milliseconds until the head of the answer, from the buckets up to ten seconds; within a bucket values are taken to lie
 * evenly. Null: there was none.
 */
export function percentile(counts: readonly number[], part: number): number | null {
  const short = SHORT_BUCKETS.map((_, at) => counts[at] ?? 0)
  const all = sumOf(short)
  if (all === 0) return null
  let left = all * part
  for (const [at, count] of short.entries()) {
    if (count > 0 && left <= count) {
      const from = SHORT_BUCKETS[at - 1] ?? 0
      const to = SHORT_BUCKETS[at] ?? LONGEST_SECONDS
      return Math.round((from + ((to - from) * left) / count) * 10_000) / 10
    }
    left -= count
  }
  return LONGEST_SECONDS * 1000
}

function streamPoints(looks: readonly TrafficLook[]): readonly StreamPoint[] {
  const open = new Map<string, number>()
  for (const [stream, connections] of looks.flatMap(({ streams }) => Object.entries(streams)))
    open.set(stream, (open.get(stream) ?? 0) + connections)
  return [...open].map(([stream, connections]) => ({ stream, connections }))
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0)
