/** What is kept of exchanges has an end, in number and in size, and no secret leaves it. */
import t from 'tap'
import type { AccessRecord } from '../../../src/observe/access-log.ts'
import { KEPT_EXCHANGES, RecentExchanges } from '../../../src/observe/recent-exchanges.ts'

const record = (more: Partial<AccessRecord> = {}): AccessRecord => ({
  id: 'a-1',
  revision: 1,
  listener: 'internet',
  tls: true,
  client: '192.0.2.7',
  method: 'GET',
  host: 'lyncweb.contoso.com',
  target: '/',
  userAgent: 'UCCAPI/16.0',
  rule: 'Web',
  pool: 'pool01',
  server: 'fe01:4443',
  affinity: 'balance',
  pinned: false,
  status: 200,
  outcome: 'done',
  reason: undefined,
  strict: undefined,
  diagnostics: undefined,
  requestBytes: 0,
  responseBytes: 2,
  connectMs: undefined,
  firstByteMs: 1,
  totalMs: 2,
  ...more,
})

t.test('what ended last is kept, in order, and handed out once', async (t) => {
  const recent = new RecentExchanges()
  for (let n = 0; n < KEPT_EXCHANGES + 7; n++) recent.push(record({ id: `a-${n}` }), n)
  const { exchanges, missed } = recent.take(1_000)
  t.equal(exchanges.length, KEPT_EXCHANGES)
  t.equal(missed, 7)
  t.equal(exchanges[0]?.id, 'a-7')
  t.equal(exchanges.at(-1)?.id, `a-${KEPT_EXCHANGES + 6}`)
  t.equal(exchanges[0]?.agoMs, 993)
  t.same(recent.take(1_000), { exchanges: [], missed: 0 })
  recent.push(record({ id: 'b' }), 1)
  t.same(
    recent.take(2).exchanges.map(({ id }) => id),
    ['b'],
  )
})

t.test('secrets are taken out, also where a long target is cut', async (t) => {
  const recent = new RecentExchanges()
  recent.push(record({ target: '/ucwa?access_token=very-secret&x=1' }), 0)
  recent.push(record({ target: `/${'a'.repeat(480)}?access_token=very-secret` }), 0)
  const text = JSON.stringify(recent.take(0))
  t.match(text, 'access_token=***')
  t.notMatch(text, 'very-secret')
})

t.test('no text of a client is kept whole when it is long', async (t) => {
  const recent = new RecentExchanges()
  const long = 'x'.repeat(60_000)
  recent.push(record({ target: `/${long}`, userAgent: long, host: long, reason: long }), 0)
  const [kept] = recent.take(0).exchanges
  t.ok(JSON.stringify(kept).length < 3_000)
  t.match(kept?.userAgent, /^x{512}…$/)
})
