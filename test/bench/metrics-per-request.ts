/**
 * What counting costs: `node test/bench/metrics-per-request.ts`. Nanoseconds per exchange, the best of several rounds,
 * for our recorder and, beside it, for prom-client doing the same; and milliseconds per scrape.
 */
import { Counter, Histogram, Registry } from 'prom-client'
import { failures } from '../../src/base/failure.ts'
import { definitionOf } from '../../src/observe/metrics/catalogue.ts'
import {
  type CountedExchange,
  ExchangeMetrics,
} from '../../src/observe/metrics/exchange-metrics.ts'
import { renderMetrics } from '../../src/observe/metrics/render-metrics.ts'
import { bestOf, nanosecondsOf } from './nanoseconds.ts'

const ROUNDS = 7
const ROUND_MS = 200

const rules = Array.from({ length: 20 }, (_, at) => `Rule number ${at}`)
const outcomes = ['done', 'done', 'done', 'done', 'done', 'done', 'done', ...Object.keys(failures)]
const exchanges = Array.from(
  { length: 4096 },
  (_, at): CountedExchange => ({
    rule: rules[at % rules.length],
    status: [200, 200, 204, 401, 503][at % 5] as number,
    outcome: outcomes[(at * 7) % 11] as string,
    requestBytes: at,
    responseBytes: at * 3,
    connectMs: at % 3 === 0 ? (at % 40) / 4 : undefined,
    firstByteMs: at % 200,
    totalMs: at % 50 === 0 ? 900_000 : at % 250,
  }),
)

const own = new ExchangeMetrics()
own.adopt(rules)
report(
  'our recorder',
  measure((exchange) => own.record(exchange)),
  'ns per exchange',
)
report('prom-client', measure(recordWithPromClient()), 'ns per exchange')

const start = performance.now()
const part = own.collect()
report('collect, 20 rules', performance.now() - start, 'ms per scrape')
const before = performance.now()
const text = await renderMetrics([part, part, part, part])
report('merge and render 4 workers', performance.now() - before, 'ms per scrape')
report('exposition', text.length / 1024, 'KiB')

function measure(record: (exchange: CountedExchange) => void): number {
  const recordAll = (): void => {
    for (const exchange of exchanges) record(exchange)
  }
  return bestOf(ROUNDS, () => nanosecondsOf(recordAll, ROUND_MS, 1) / exchanges.length)
}

function recordWithPromClient(): (exchange: CountedExchange) => void {
  const registers = [new Registry()]
  const counter = (name: string, labelNames: readonly string[]) =>
    new Counter({ name, help: name, labelNames: [...labelNames], registers })
  const histogram = (name: 'lyncgate_exchange_duration_seconds' | 'lyncgate_connect_seconds') => {
    const buckets = [...(definitionOf(name).buckets ?? [])]
    return new Histogram({ name, help: name, labelNames: ['rule'], buckets, registers })
  }
  const ended = counter('ended', ['rule', 'status_class', 'outcome'])
  const requestBytes = counter('request_bytes', ['rule'])
  const responseBytes = counter('response_bytes', ['rule'])
  const total = histogram('lyncgate_exchange_duration_seconds')
  const connect = histogram('lyncgate_connect_seconds')
  const firstByte = new Histogram({
    name: 'first_byte',
    help: 'first byte',
    labelNames: ['rule'],
    buckets: [...(definitionOf('lyncgate_first_byte_seconds').buckets ?? [])],
    registers,
  })
  return ({ rule = '', status, outcome, connectMs, firstByteMs, ...rest }) => {
    ended.inc({ rule, status_class: `${Math.trunc(status / 100)}xx`, outcome })
    requestBytes.inc({ rule }, rest.requestBytes)
    responseBytes.inc({ rule }, rest.responseBytes)
    if (connectMs !== undefined) connect.observe({ rule }, connectMs / 1000)
    if (firstByteMs !== undefined) firstByte.observe({ rule }, firstByteMs / 1000)
    total.observe({ rule }, rest.totalMs / 1000)
  }
}

function report(title: string, figure: number, unit: string): void {
  process.stdout.write(
    `${title.padEnd(30)}${figure.toFixed(unit === 'KiB' ? 0 : 1).padStart(10)} ${unit}\n`,
  )
}
