/**
 * What more rules cost each request: `node test/bench/rules-per-request.ts`. Nanoseconds from the Host field to the decision
 * and the counts, the best of several rounds, of hosts that are asked for in turn. What grows with their number is memory
 * that is no longer in the processor's cache when its rule comes again.
 */
import { ExchangeMetrics } from '../../src/observe/metrics/exchange-metrics.ts'
import { decide } from '../../src/pipeline/decide.ts'
import { readHost } from '../../src/routing/host.ts'
import { decisionSnapshot } from '../support/decision-snapshot.ts'
import { nanosecondsOf } from './nanoseconds.ts'

const ROUNDS = 9
const ROUND_MS = 150
const TARGET = '/ucwa/v1/applications/103138914/events?ack=5&medium=300&low=600&timeout=900'

const shapes = [1, 10, 100, 1000, 5000].map((count) => ({
  count,
  run: requestsTo(count),
  best: Number.POSITIVE_INFINITY,
}))
for (let round = 0; round < ROUNDS; round++)
  for (const shape of shapes)
    shape.best = Math.min(shape.best, nanosecondsOf(shape.run, ROUND_MS, 5000))
for (const { count, best } of shapes)
  process.stdout.write(
    `${String(count).padStart(5)} rules${best.toFixed(0).padStart(8)} ns per request\n`,
  )

/** A request with each call; the host is made from bytes, as it is of what the socket brings. */
function requestsTo(count: number): () => void {
  const names = Array.from({ length: count }, (_, at) => `h${at}.contoso.com`)
  const bytes = names.map((name) => Buffer.from(name))
  const snapshot = decisionSnapshot(`pools:
  pool01: { product: skype-se, servers: [fe01] }
rules:
${names.map((name) => `  - { name: ${name}, publish: web-services, hosts: [${name}], pool: pool01 }\n`).join('')}`)
  const metrics = new ExchangeMetrics()
  metrics.adopt(names)
  let at = 0
  return () => {
    const host = readHost((bytes[at] as Buffer).toString('latin1'))
    at = (at + 1) % count
    if (!host) throw new Error('a host that is none')
    const question = { listener: 'internet', isTls: true, httpsPort: 443, method: 'GET', host }
    const { kind, route } = decide({ ...question, target: TARGET }, snapshot)
    if (kind !== 'forward') throw new Error(kind)
    metrics.record({
      rule: route?.rule,
      status: 200,
      outcome: 'done',
      requestBytes: 0,
      responseBytes: 42,
      connectMs: undefined,
      firstByteMs: 1,
      totalMs: 1.5,
    })
  }
}
