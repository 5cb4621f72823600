import { readFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import { failures } from '../../../../src/base/failure.ts'
import { catalogue } from '../../../../src/observe/metrics/catalogue.ts'
import {
  type CountedExchange,
  ExchangeMetrics,
} from '../../../../src/observe/metrics/exchange-metrics.ts'
import { ProcessMetrics } from '../../../../src/observe/metrics/process-metrics.ts'
import { renderMetrics } from '../../../../src/observe/metrics/render-metrics.ts'
import { TrafficMetrics } from '../../../../src/observe/metrics/traffic-metrics.ts'
import { productVersion } from '../../../../src/observe/product-version.ts'
import { readExposition, samplesOf, sampleValue, seriesOf } from '../../../support/exposition.ts'

const exchange = (parts: Partial<CountedExchange> = {}): CountedExchange => ({
  rule: 'Web',
  status: 200,
  outcome: 'done',
  requestBytes: 10,
  responseBytes: 1000,
  connectMs: 3,
  firstByteMs: 12,
  totalMs: 15,
  ...parts,
})

const read = async (...all: readonly { collect(): ReturnType<ExchangeMetrics['collect']> }[]) =>
  readExposition(await renderMetrics(all.map((each) => each.collect())))

t.test('an exchange is counted by rule, status class and outcome', async (t) => {
  const metrics = new ExchangeMetrics()
  metrics.adopt(['Web', 'Meet'])
  metrics.record(exchange())
  metrics.record(exchange({ status: 503, outcome: 'backend-unreachable', firstByteMs: undefined }))
  metrics.record(exchange({ status: 0, outcome: 'client-left' }))
  metrics.record(exchange({ rule: undefined, status: 421, outcome: 'client-not-published' }))
  const seen = await read(metrics)
  const ended = (rule: string, status_class: string, outcome: string): number =>
    sampleValue(seen, 'lyncgate_exchanges_total', { rule, status_class, outcome })
  t.equal(ended('Web', '2xx', 'done'), 1)
  t.equal(ended('Web', '5xx', 'backend-unreachable'), 1)
  t.equal(ended('Web', 'none', 'client-left'), 1)
  t.equal(ended('', '4xx', 'client-not-published'), 1)
  t.equal(ended('Meet', '5xx', 'done'), 0, 'there before the first one')
  t.equal(sampleValue(seen, 'lyncgate_request_bytes_total', { rule: 'Web' }), 30)
  t.equal(sampleValue(seen, 'lyncgate_response_bytes_total', { rule: 'Web' }), 3000)
  t.equal(sampleValue(seen, 'lyncgate_first_byte_seconds_count', { rule: 'Web' }), 2)
})

t.test('every outcome has a series of its own', async (t) => {
  const metrics = new ExchangeMetrics()
  const outcomes = ['done', ...Object.keys(failures)]
  for (const outcome of outcomes) metrics.record(exchange({ rule: undefined, outcome }))
  const seen = samplesOf(await read(metrics), 'lyncgate_exchanges_total').filter(
    ({ value }) => value === 1,
  )
  t.same(seen.map(({ labels: { outcome } }) => outcome).sort(), outcomes.sort())
})

t.test('a value on a bound belongs to the bucket of that bound', async (t) => {
  const metrics = new ExchangeMetrics()
  metrics.adopt(['Web'])
  const ms = [0, 5, 5.01, 900_000, 960_000, 9_999_000]
  for (const totalMs of ms) metrics.record(exchange({ totalMs }))
  const seen = await read(metrics)
  const upTo = (le: string): number =>
    sampleValue(seen, 'lyncgate_exchange_duration_seconds_bucket', { rule: 'Web', le })
  t.same(['0.005', '0.01', '840', '930', '990', '1800', '+Inf'].map(upTo), [2, 3, 3, 4, 5, 5, 6])
  const sum = sampleValue(seen, 'lyncgate_exchange_duration_seconds_sum', { rule: 'Web' })
  t.ok(Math.abs(sum - ms.reduce((all, each) => all + each, 0) / 1000) < 1e-6)
})

t.test('a tunnel has no latency', async (t) => {
  const metrics = new ExchangeMetrics()
  metrics.adopt(['Web'])
  metrics.record(exchange({ status: 101, totalMs: 7_200_000 }))
  const seen = await read(metrics)
  t.equal(sampleValue(seen, 'lyncgate_exchange_duration_seconds_count', { rule: 'Web' }), 0)
  t.equal(sampleValue(seen, 'lyncgate_first_byte_seconds_count', { rule: 'Web' }), 1)
})

t.test('rules that stay go on counting, those that are gone vanish for good', async (t) => {
  const metrics = new ExchangeMetrics()
  metrics.adopt(['Web', 'Old'])
  metrics.record(exchange())
  metrics.record(exchange({ rule: 'Old' }))
  metrics.adopt(['Web', 'New'])
  metrics.record(exchange({ rule: 'Old', status: 204 }))
  const seen = await read(metrics)
  const done = (rule: string) =>
    sampleValue(seen, 'lyncgate_exchanges_total', { rule, status_class: '2xx', outcome: 'done' })
  t.equal(done('Web'), 1)
  t.equal(done('New'), 0)
  t.equal(done(''), 1, 'what still ran under a rule that is gone is not lost')
  t.notOk(
    [...seen.values()].some(({ samples }) =>
      samples.some(({ labels: { rule } }) => rule === 'Old'),
    ),
  )
  metrics.adopt(['Web', 'Old'])
  const again = await read(metrics)
  const labels = { rule: 'Old', status_class: '2xx', outcome: 'done' }
  t.equal(sampleValue(again, 'lyncgate_exchanges_total', labels), 0, 'it begins anew')
})

t.test('what the Internet sends makes no series', async (t) => {
  const metrics = new TrafficMetrics()
  metrics.exchanges.adopt(['Web'])
  for (const outcome of Object.keys(failures)) metrics.exchanges.record(exchange({ outcome }))
  metrics.handshakes.recordFailure('failed')
  const series = async (): Promise<readonly string[]> =>
    [...(await read(metrics)).values()].flatMap(({ samples }) => samples.map(seriesOf))
  const before = await series()
  for (let n = 0; n < 5_000; n++) {
    const outcome = Object.keys(failures)[n % 3] as string
    const status = 400 + (n % 60)
    const parts = { method: `M${n}`, host: `h${n}.example`, target: `/${n}`, userAgent: `bot${n}` }
    metrics.exchanges.record({ ...exchange({ rule: n % 2 ? 'Web' : undefined }), ...parts })
    metrics.exchanges.record({ ...exchange({ outcome, status }), ...parts })
    metrics.exchanges.record(exchange({ status: 1000 + n, totalMs: n }))
    metrics.recordRefusedConnection()
  }
  const after = await series()
  t.ok(after.length - before.length <= 4, 'statuses out of range and the classes of three outcomes')
})

t.test('rule names arrive as they are, whatever is in them', async (t) => {
  const odd = [
    'a "quoted" one',
    'back\\slash',
    'comma, brace} =',
    'Zoë 会议',
    'outcome:done,rule:x',
  ]
  const metrics = new ExchangeMetrics()
  metrics.adopt(odd)
  for (const rule of odd) metrics.record(exchange({ rule }))
  const seen = await read(metrics)
  for (const rule of odd) {
    const labels = { rule, status_class: '2xx', outcome: 'done' }
    t.equal(sampleValue(seen, 'lyncgate_exchanges_total', labels), 1, rule)
  }
})

t.test('workers are merged as the catalogue says, after a structured clone', async (t) => {
  const parts = [1, 2, 3].map((times) => {
    const metrics = new TrafficMetrics()
    metrics.exchanges.adopt(['Web'])
    for (let n = 0; n < times; n++) metrics.exchanges.record(exchange({ totalMs: 10 ** times }))
    metrics.handshakes.recordDone('TLSv1.3', times === 2)
    const cloned: ReturnType<TrafficMetrics['collect']> = deserialize(serialize(metrics.collect()))
    t.same(cloned, metrics.collect())
    return cloned
  })
  for (const format of ['prometheus', 'openmetrics'] as const) {
    const seen = readExposition(await renderMetrics(parts, format), format)
    const labels = { rule: 'Web', status_class: '2xx', outcome: 'done' }
    t.equal(sampleValue(seen, 'lyncgate_exchanges_total', labels), 6)
    t.equal(sampleValue(seen, 'lyncgate_exchange_duration_seconds_count', { rule: 'Web' }), 6)
    const bucket = { rule: 'Web', le: '0.1' }
    t.equal(sampleValue(seen, 'lyncgate_exchange_duration_seconds_bucket', bucket), 3)
    t.equal(sampleValue(seen, 'lyncgate_tls_resumptions_total', { version: 'TLSv1.3' }), 1)
  }
})

t.test(
  'every metric that is collected has the labels, name and form of the catalogue',
  async (t) => {
    const process = new ProcessMetrics({ worker: '0', version: '1.2.3' })
    t.teardown(() => process.stop())
    const traffic = new TrafficMetrics()
    traffic.recordUnreadable('client-malformed')
    for (const { name, type, help, values } of [...process.collect(), ...traffic.collect()]) {
      const definition = catalogue[name]
      t.same({ type, help }, { type: definition.type, help: definition.help }, name)
      for (const { labels } of values) {
        const own = Object.keys(labels).filter((label) => label !== 'le')
        t.same(own.sort(), [...definition.labels].sort(), name)
      }
    }
  },
)

t.test('the version is that of the package', async (t) => {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')
  t.match(text, `"version": "${productVersion()}"`)
})

t.test('a blocked event loop is seen, even when the collection comes first', async (t) => {
  const process = new ProcessMetrics({ worker: '0', version: '1.2.3' })
  t.teardown(() => process.stop())
  const lag = () =>
    process
      .collect()
      .find(({ name }) => name === 'lyncgate_event_loop_lag_seconds')
      ?.values.find(({ labels: { statistic } }) => statistic === 'max')?.value ?? 0
  const tick = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  await tick(100)
  const end = performance.now() + 300
  while (performance.now() < end);
  lag()
  await tick(100)
  t.ok(lag() > 0.2)
})
