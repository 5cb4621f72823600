import t from 'tap'
import type { AccessRecord } from '../../../src/observe/access-log.ts'
import { readClient, type TraceRequest } from '../../../src/trace/trace-request.ts'
import { Traces } from '../../../src/trace/traces.ts'

const wanted: TraceRequest = {
  id: 'one',
  client: '192.0.2.0/24',
  host: undefined,
  rule: undefined,
  bodies: false,
  forMs: 60_000,
  maxExchanges: 10,
  maxBytes: 1_000_000,
}

const record: AccessRecord = {
  id: 'x-1',
  revision: 1,
  listener: 'internet',
  tls: false,
  client: '192.0.2.7',
  method: 'GET',
  host: 'lyncweb.contoso.com',
  target: '/',
  userAgent: undefined,
  rule: 'Web',
  pool: undefined,
  server: undefined,
  affinity: undefined,
  pinned: false,
  status: 404,
  outcome: 'policy-refused',
  reason: undefined,
  strict: undefined,
  diagnostics: undefined,
  requestBytes: 0,
  responseBytes: 0,
  connectMs: undefined,
  firstByteMs: undefined,
  totalMs: 1,
}

const subjectOf = (clientAddress: string) => ({
  id: 'x-1',
  req: { method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: [] },
  clientAddress,
  isTls: false,
  startedAtMs: 0,
  describe: () => record,
})

const make = () => new Traces({ now: () => 10, wallNow: () => 1_000_000 })

t.test('nobody is seen unless somebody looks', async (t) => {
  const traces = make()
  t.equal(traces.isRunning, false)
  t.equal(traces.begin(subjectOf('192.0.2.7')), undefined)
  traces.start(wanted, () => {})
  t.equal(traces.isRunning, true)
  t.ok(traces.begin(subjectOf('192.0.2.7')))
  t.equal(traces.begin(subjectOf('198.51.100.7')), undefined)
  t.equal(traces.begin(subjectOf('2001:db8::1')), undefined)
  traces.stop('one')
  traces.stop('one')
  t.equal(traces.isRunning, false)
})

t.test('two traces see the same exchange, each by its own filter and bound', async (t) => {
  const traces = make()
  const seen: string[] = []
  const start = (id: string, more: Partial<TraceRequest>): void =>
    traces.start({ ...wanted, ...more, id }, (traced) => void seen.push(`${id}:${traced.length}`))
  start('all', {})
  start('few', { maxExchanges: 1 })
  start('small', { maxBytes: 1 })
  start('host', { host: 'meet.contoso.com' })
  start('rule', { rule: 'Web' })
  start('other', { client: '198.51.100.0/24' })
  for (let i = 0; i < 3; i++) traces.begin(subjectOf('192.0.2.7'))?.close(record)
  const counts = Object.fromEntries(
    ['all', 'few', 'small', 'host', 'rule', 'other'].map((id) => [
      id,
      seen.filter((each) => each === `${id}:1`).length,
    ]),
  )
  t.same(counts, { all: 3, few: 1, small: 1, host: 0, rule: 3, other: 0 })
  traces.begin(subjectOf('192.0.2.7'))
  seen.length = 0
  traces.stopAll()
  t.same(seen.sort(), ['all:1', 'rule:1'], 'what is in progress')
  t.equal(traces.isRunning, false)
})

t.test('clients as people write them', async (t) => {
  const cases: Readonly<Record<string, string | undefined>> = {
    '192.0.2.7': '192.0.2.7/32',
    '192.0.2.7/24': '192.0.2.0/24',
    '::ffff:192.0.2.7': '192.0.2.7/32',
    '::FFFF:192.0.2.7/120': '192.0.2.0/24',
    '::ffff:192.0.2.7/24': undefined,
    '2001:DB8:0::1': '2001:db8::1/128',
    '2001:db8::/32': '2001:db8::/32',
    'fe80::1%eth0': undefined,
    '': undefined,
    alice: undefined,
    '192.0.2.7/33': undefined,
    '192.0.2.7/': undefined,
    '1.2.3': undefined,
  }
  for (const [text, network] of Object.entries(cases)) t.equal(readClient(text), network, text)
})
