import t from 'tap'
import { AnswerShapes, keptFields, type LearntShape } from '../../../src/guard/answer-shape.ts'
import { CountMin } from '../../../src/guard/count-min.ts'
import { DemandingPages } from '../../../src/guard/demanding-pages.ts'
import { FamiliarClients } from '../../../src/guard/familiar-clients.ts'
import type { SignInOutcome } from '../../../src/guard/gate.ts'
import { SignInWatch, type WatchSettings } from '../../../src/guard/sign-in-watch.ts'

const place = {
  pool: 'pool01',
  host: 'lyncweb.contoso.com',
  target: '/abs/x',
  kind: 'ntlm',
} as const
const shape = {
  status: 401,
  reason: 'Unauthorized',
  fields: ['Server', 'IIS'],
  body: Buffer.from('no'),
}

t.test('only what is the same for everybody is kept of an answer', async (t) => {
  const kept = keptFields([
    ...['Server', 'Microsoft-IIS/10.0', 'Set-Cookie', 'session=secret', 'X-Lab-User', 'alice'],
    ...['WWW-Authenticate', 'Negotiate oYG2MIGzoAMK', 'www-authenticate', 'NTLM TlRMTVNTUAAC'],
    ...['WWW-Authenticate', 'Basic realm="x"', 'Date', 'now', 'Content-Length', '7'],
  ])
  t.same(kept, [
    ...[
      'Server',
      'Microsoft-IIS/10.0',
      'WWW-Authenticate',
      'Negotiate',
      'www-authenticate',
      'NTLM',
    ],
    ...['WWW-Authenticate', 'Basic realm="x"', 'Date', 'now', 'Content-Length', '7'],
  ])
})

t.test('a directory goes before its pool, a pool before IIS', async (t) => {
  const shapes = new AnswerShapes()
  t.match(shapes.find(place), { status: 401, reason: 'Unauthorized' })
  shapes.learn(place, shape)
  shapes.learn({ ...place, target: '/ews/y' }, { ...shape, body: Buffer.from('other') })
  t.equal(shapes.find(place).body.toString(), 'no')
  t.equal(shapes.find({ ...place, target: '/elsewhere' }).body.toString(), 'other')
  t.notSame(shapes.find({ ...place, pool: 'pool02' }), shape)
  for (const [kind, status] of [
    ['soap', 500],
    ['oauth', 400],
    ['basic', 401],
  ] as const)
    t.equal(shapes.find({ ...place, kind }).status, status)
})

t.test('what is learnt is told once, and bounded', async (t) => {
  const shapes = new AnswerShapes()
  const told: LearntShape[] = []
  shapes.onLearnt = (learnt) => told.push(learnt)
  const dated = (date: string) => ({ ...shape, fields: ['Date', date] })
  shapes.learn(place, dated('one'))
  shapes.learn(place, dated('other'))
  t.equal(told.length, 2, 'directory and pool')
  for (let n = 0; n < 1_000; n++) shapes.learn({ ...place, target: `/${n}` }, shape)
  t.equal(shapes.list().length, 256)
})

function watch(kind: WatchSettings['kind'], isProof = true) {
  const outcomes: SignInOutcome[] = []
  const learnt: number[] = []
  const own = new SignInWatch({
    kind,
    isProof,
    onOutcome: (outcome) => outcomes.push(outcome),
    onRefusal: ({ body }) => learnt.push(body.length),
  })
  const answer = (status: number, body = '', fields: readonly string[] = []) => {
    own.onHead({ status, reason: '', fields })
    if (body !== '') own.onBody(Buffer.from(body))
    own.onComplete()
    return outcomes
  }
  return { answer, learnt, own, outcomes }
}

t.test('what becomes of a password, by kind and status', async (t) => {
  const FAULT = '<faultcode>a:FailedAuthentication</faultcode>'
  for (const [kind, status, body, outcome] of [
    ['ntlm', 401, '', 'failed'],
    ['ntlm', 200, 'x', 'succeeded'],
    ['ntlm', 304, '', 'succeeded'],
    ['ntlm', 403, '', 'unknown'],
    ['ntlm', 404, '', 'unknown'],
    ['basic', 503, '', 'unknown'],
    ['soap', 200, '', 'succeeded'],
    ['soap', 500, FAULT, 'failed'],
    ['soap', 500, [...FAULT].join('\0'), 'failed'],
    ['soap', 500, 'NullReferenceException', 'unknown'],
    ['soap', 400, FAULT, 'unknown'],
    ['oauth', 400, '{"error":"invalid_grant"}', 'failed'],
    ['oauth', 400, '{"error":"invalid_request"}', 'unknown'],
  ] as const)
    t.same(watch(kind).answer(status, body), [outcome], `${kind} ${status} ${body}`)
  t.same(watch('ntlm', false).answer(200), ['unknown'], 'a page that asks nobody proves nothing')
  t.same(watch('soap').answer(500, 'x', ['Content-Encoding', 'gzip']), ['failed'])
  t.same(watch('oauth').answer(400, 'x', ['X-Ms-diagnostics', '28020;reason="x"']), ['failed'])
})

t.test('a refusal is learnt when it is short and complete', async (t) => {
  const short = watch('ntlm')
  short.answer(401, 'denied')
  t.same(short.learnt, [6])
  const long = watch('ntlm')
  long.answer(401, 'x'.repeat(5_000))
  t.same(long.learnt, [])
  const encoded = watch('ntlm')
  encoded.answer(401, 'x', ['content-encoding', 'gzip'])
  t.same(encoded.learnt, [])
  const cut = watch('soap')
  cut.own.onHead({ status: 500, reason: '', fields: [] })
  cut.own.settle('failed')
  t.same(cut.outcomes, ['failed'])
  t.same(cut.learnt, [])
})

t.test('a sketch never says too little, and forgets in the end', async (t) => {
  const sketch = new CountMin(100)
  t.equal(sketch.estimate('alice', 0), 0)
  for (let n = 0; n < 20_000; n++) sketch.raise(`name-${n}`, 1, 0)
  sketch.raise('alice', 5, 0)
  t.ok(sketch.estimate('alice', 99) >= 5)
  t.ok(sketch.estimate('alice', 150) >= 5, 'half of the memory is older')
  t.equal(sketch.estimate('alice', 400), 0)
})

t.test('familiar clients: eight of each user, thirty days', async (t) => {
  const clients = new FamiliarClients()
  const day = 24 * 3_600_000
  for (let n = 0; n < 9; n++) clients.add('alice', `c${n}`, n)
  t.notOk(clients.has('alice', 'c0', 10))
  t.ok(clients.has('alice', 'c1', 10))
  t.notOk(clients.has('alice', 'c1', 31 * day))
  t.notOk(clients.has('bob', 'c1', 10))
})

t.test('pages that have refused a password', async (t) => {
  const pages = new DemandingPages()
  for (let n = 0; n < 600; n++) pages.add(`host/${n}`)
  t.ok(pages.has('host/599'))
  t.notOk(pages.has('host/0'))
  pages.add('x'.repeat(1_000))
  t.notOk(pages.has('x'.repeat(1_000)))
})
