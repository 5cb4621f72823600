/** Prometheus takes a counter that goes back for a restart, and counts everything that is left as new. */
import t from 'tap'
import { ExchangeMetrics } from '../../../../src/observe/metrics/exchange-metrics.ts'
import { type MetricJson, plainMetric } from '../../../../src/observe/metrics/metric-json.ts'
import { renderMetrics } from '../../../../src/observe/metrics/render-metrics.ts'
import { WorkerMetrics, workerCountsJson } from '../../../../src/observe/metrics/worker-metrics.ts'
import { readExposition, samplesOf, sampleValue } from '../../../support/exposition.ts'

function startWorker(rules: readonly string[]) {
  const metrics = new ExchangeMetrics()
  metrics.adopt(rules)
  const serve = (rule: string): void =>
    metrics.record({
      rule,
      status: 200,
      outcome: 'done',
      requestBytes: 1,
      responseBytes: 1,
      connectMs: 1,
      firstByteMs: 1,
      totalMs: 1,
    })
  const collect = (): readonly MetricJson[] => [
    ...metrics.collect(),
    plainMetric('lyncgate_handshakes_in_progress', 1),
  ]
  return { metrics, serve, collect }
}

const done = (rule: string) => ({ rule, status_class: '2xx', outcome: 'done' })

t.test('its counters stay, its gauges go', async (t) => {
  const all = new WorkerMetrics()
  for (const worker of [1, 2]) all.join(worker)
  const one = startWorker(['Web'])
  const other = startWorker(['Web'])
  for (let n = 0; n < 5; n++) one.serve('Web')
  other.serve('Web')
  all.update(1, one.collect())
  all.update(2, other.collect())
  const read = async () => readExposition(await renderMetrics(all.parts()))
  const before = await read()
  t.equal(sampleValue(before, 'lyncgate_exchanges_total', done('Web')), 6)
  t.equal(sampleValue(before, 'lyncgate_handshakes_in_progress'), 2)
  all.leave(1)
  all.leave(1)
  all.leave(99)
  all.update(1, one.collect())
  const after = await read()
  t.equal(sampleValue(after, 'lyncgate_exchanges_total', done('Web')), 6)
  t.equal(sampleValue(after, 'lyncgate_exchange_duration_seconds_count', { rule: 'Web' }), 6)
  t.equal(sampleValue(after, 'lyncgate_handshakes_in_progress'), 1)
  const third = startWorker(['Web'])
  third.serve('Web')
  all.join(3)
  all.leave(2)
  const still = await read()
  t.equal(sampleValue(still, 'lyncgate_exchanges_total', done('Web')), 6, 'before it has answered')
  all.update(3, third.collect())
  t.equal(sampleValue(await read(), 'lyncgate_exchanges_total', done('Web')), 7)
  all.leave(3)
  t.equal(
    sampleValue(await read(), 'lyncgate_exchanges_total', done('Web')),
    7,
    'also with none left',
  )
})

t.test('what it counted for a rule that is gone goes with the rule', async (t) => {
  const all = new WorkerMetrics()
  for (const worker of [1, 2]) all.join(worker)
  const one = startWorker(['Web', 'Old'])
  const other = startWorker(['Web', 'Old'])
  for (const { serve } of [one, other]) for (const rule of ['Web', 'Old']) serve(rule)
  all.update(1, one.collect())
  all.leave(1)
  const rulesSeen = async () => {
    all.update(2, other.collect())
    const seen = readExposition(await renderMetrics(all.parts()))
    return new Set(samplesOf(seen, 'lyncgate_exchanges_total').map(({ labels: { rule } }) => rule))
  }
  t.same(await rulesSeen(), new Set(['Web', 'Old', '']))
  other.metrics.adopt(['Web'])
  t.same(await rulesSeen(), new Set(['Web', '']))
  other.metrics.adopt(['Web', 'Old'])
  all.update(2, other.collect())
  const seen = readExposition(await renderMetrics(all.parts()))
  t.equal(sampleValue(seen, 'lyncgate_exchanges_total', done('Old')), 0)
  t.equal(sampleValue(seen, 'lyncgate_exchanges_total', done('Web')), 2)
})

t.test('the primary says how many workers there are', async (t) => {
  const json = workerCountsJson({ up: 3, wanted: 4, restarts: 7 })
  const seen = readExposition(await renderMetrics([json]))
  t.equal(sampleValue(seen, 'lyncgate_workers_up'), 3)
  t.equal(sampleValue(seen, 'lyncgate_workers_wanted'), 4)
  t.equal(sampleValue(seen, 'lyncgate_worker_restarts_total'), 7)
})
