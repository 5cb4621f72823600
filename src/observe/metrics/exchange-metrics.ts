/**
 * Counts exchanges as they end, rule by rule. On the path of every request: typed arrays and one look into a map, no
 * strings are made (test/bench/metrics-per-request.ts measures it).
 */
import { type FailureCode, failureOf, failures } from '../../base/failure.ts'
import type { AccessRecord } from '../access-log.ts'
import { bucketsOf, countIn, emptyHistogram, type Histogram, histogramJson } from './histogram.ts'
import { type MetricJson, metricJson, type Sample } from './metric-json.ts'

/** No rule is known: none was found, or the file in force has it no more. */
export const NO_RULE = ''

const OUTCOMES = ['done', ...Object.keys(failures)]
const outcomeAt: ReadonlyMap<string, number> = new Map(OUTCOMES.map((name, at) => [name, at]))

const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']

/**
 * Shown from the start, by outcome and status class: Prometheus sees an increase only where there was a zero before.
 * What clients do wrong is shown when it happens.
 */
const ALWAYS_SHOWN = new Set([
  ...['2xx', '3xx', '4xx', '5xx'].map((statusClass) => `done ${statusClass}`),
  ...(Object.keys(failures) as FailureCode[])
    .filter((code) => failureOf(code).side !== 'client')
    .map((code) => `${code} ${STATUS_CLASSES[Math.trunc(failureOf(code).status / 100)]}`),
])

const SWITCHING_PROTOCOLS = 101

const totalBounds = bucketsOf('lyncgate_exchange_duration_seconds')
const firstByteBounds = bucketsOf('lyncgate_first_byte_seconds')
const connectBounds = bucketsOf('lyncgate_connect_seconds')

/** Of one rule. */
interface RuleCounts {
  /** By outcome, and within it by status class. */
  readonly ended: Float64Array
  readonly total: Histogram
  readonly firstByte: Histogram
  readonly connect: Histogram
  requestBytes: number
  responseBytes: number
}

const emptyCounts = (): RuleCounts => ({
  ended: new Float64Array(OUTCOMES.length * STATUS_CLASSES.length),
  total: emptyHistogram(totalBounds),
  firstByte: emptyHistogram(firstByteBounds),
  connect: emptyHistogram(connectBounds),
  requestBytes: 0,
  responseBytes: 0,
})

/** What is counted of an access record; durations are milliseconds. */
export type CountedExchange = Pick<
  AccessRecord,
  | 'rule'
  | 'status'
  | 'outcome'
  | 'requestBytes'
  | 'responseBytes'
  | 'connectMs'
  | 'firstByteMs'
  | 'totalMs'
>

/** Counts of one rule since it is there; the empty name stands for no rule. */
export interface RuleSum {
  readonly rule: string
  /** By `done` and the codes of docs/errors.md. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Those among `done` that the server answered with 5xx. */
  readonly serverErrors: number
  /** How long the head of the answer took, by bucket of EXCHANGE_SECONDS; the last one is for what lies above. */
  readonly firstByte: readonly number[]
}

export class ExchangeMetrics {
  readonly #withoutRule = emptyCounts()
  #byRule: ReadonlyMap<string, RuleCounts> = new Map()

  /**
   * The rules in force. Those that stay go on counting; the series of those that are gone vanish, and what still runs
   * under them is counted without a rule when it ends.
   */
  adopt(rules: readonly string[]): void {
    const before = this.#byRule
    this.#byRule = new Map(rules.map((rule) => [rule, before.get(rule) ?? emptyCounts()]))
  }

  /** The rule as it appears in a label: itself while it is in force. */
  labelOf(rule: string | undefined): string {
    return rule !== undefined && this.#byRule.has(rule) ? rule : NO_RULE
  }

  record(exchange: CountedExchange): void {
    const { rule, status, connectMs, firstByteMs } = exchange
    const counts = (rule === undefined ? undefined : this.#byRule.get(rule)) ?? this.#withoutRule
    const outcome = outcomeAt.get(exchange.outcome) ?? 0
    const statusClass = status >= 100 && status < 600 ? Math.trunc(status / 100) : 0
    const at = outcome * STATUS_CLASSES.length + statusClass
    counts.ended[at] = (counts.ended[at] as number) + 1
    counts.requestBytes += exchange.requestBytes
    counts.responseBytes += exchange.responseBytes
    if (connectMs !== undefined) countIn(counts.connect, connectBounds, connectMs / 1000)
    if (firstByteMs !== undefined) countIn(counts.firstByte, firstByteBounds, firstByteMs / 1000)
    // A tunnel lasts as long as its client likes: that is no latency.
    if (status !== SWITCHING_PROTOCOLS) countIn(counts.total, totalBounds, exchange.totalMs / 1000)
  }

  /** What has been counted by rule, for those who look often: cheaper than `collect`. Outcomes with a count of 0 are left out. */
  sumUp(): readonly RuleSum[] {
    return [...new Map(this.#byRule).set(NO_RULE, this.#withoutRule)].map(([rule, counts]) => ({
      rule,
      outcomes: outcomeSums(counts.ended),
      serverErrors: counts.ended[SERVER_ERRORS] as number,
      firstByte: [...counts.firstByte.counts],
    }))
  }

  collect(): readonly MetricJson[] {
    const all = [...new Map(this.#byRule).set(NO_RULE, this.#withoutRule)]
    const histograms = (pick: (counts: RuleCounts) => Histogram) =>
      all.map(([rule, counts]) => ({ labels: { rule }, histogram: pick(counts) }))
    const byRule = (pick: (counts: RuleCounts) => number) =>
      all.map(([rule, counts]) => ({ labels: { rule }, value: pick(counts) }))
    return [
      metricJson('lyncgate_exchanges_total', all.flatMap(endedSamples)),
      histogramJson(
        'lyncgate_exchange_duration_seconds',
        histograms(({ total }) => total),
      ),
      histogramJson(
        'lyncgate_first_byte_seconds',
        histograms(({ firstByte }) => firstByte),
      ),
      histogramJson(
        'lyncgate_connect_seconds',
        histograms(({ connect }) => connect),
      ),
      metricJson(
        'lyncgate_request_bytes_total',
        byRule(({ requestBytes }) => requestBytes),
      ),
      metricJson(
        'lyncgate_response_bytes_total',
        byRule(({ responseBytes }) => responseBytes),
      ),
    ]
  }
}

/** `done` with 5xx: an error that the server answered itself. `done` is the first outcome. */
const SERVER_ERRORS = STATUS_CLASSES.indexOf('5xx')

function outcomeSums(ended: Float64Array): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [row, outcome] of OUTCOMES.entries()) {
    const from = row * STATUS_CLASSES.length
    let sum = 0
    for (let at = from; at < from + STATUS_CLASSES.length; at++) sum += ended[at] as number
    if (sum > 0) sums[outcome] = sum
  }
  return sums
}

function endedSamples([rule, { ended }]: readonly [string, RuleCounts]) {
  return OUTCOMES.flatMap((outcome, row) =>
    STATUS_CLASSES.flatMap((statusClass, column): Sample<'lyncgate_exchanges_total'>[] => {
      const value = ended[row * STATUS_CLASSES.length + column] as number
      const isShown = value > 0 || ALWAYS_SHOWN.has(`${outcome} ${statusClass}`)
      return isShown ? [{ labels: { rule, status_class: statusClass, outcome }, value }] : []
    }),
  )
}
