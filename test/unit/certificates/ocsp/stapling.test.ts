/** When responders are asked, and what is stapled meanwhile: told by a clock of the test's own. */
import t, { type Test } from 'tap'
import { failed, ok, type Result } from '../../../../src/base/result.ts'
import type { LoadedCertificate } from '../../../../src/certificates/certificate.ts'
import type { Question } from '../../../../src/certificates/ocsp/ask-responder.ts'
import { refreshDelayMs, retryDelayMs } from '../../../../src/certificates/ocsp/refresh-times.ts'
import { certificateHash, type Staple, Staples } from '../../../../src/certificates/ocsp/staple.ts'
import { Stapling } from '../../../../src/certificates/ocsp/stapling.ts'
import { collectLog } from '../../../support/collected-log.ts'
import { createOcspAuthority, type OcspAuthority } from '../../../support/ocsp-authority.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
let authority: OcspAuthority
let first: LoadedCertificate
let second: LoadedCertificate

t.before(async () => {
  authority = await createOcspAuthority(t)
  for (const name of ['first.example', 'second.example']) {
    await authority.issue(name)
    await authority.setStatus(name, 'good')
  }
  first = await authority.load('first.example')
  second = await authority.load('second.example')
})

type Answer = (question: Question) => Promise<Result<Buffer, string>>

const answer: Answer = async ({ request }) => ok(await authority.answer(request))

/** Nothing happens by itself: `turn` lets the timer that is due next ring. */
function start(_: Test, ask: Answer = answer) {
  const log = collectLog('info')
  const timers: { ms: number; act: () => void }[] = []
  const questions: Question[] = []
  const waiting: (() => void)[] = []
  const own = {
    ...log,
    timers,
    questions,
    nowMs: Date.now() + 2_000,
    staples: [] as readonly Staple[],
    ask,
    /** Resolves when so many timers wait. */
    settled: async (count: number) => {
      while (timers.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    turn: () => {
      const next = timers.shift()
      if (!next) throw new Error('no timer')
      own.nowMs += next.ms
      next.act()
    },
  }
  const stapling = new Stapling({
    logger: log.logger,
    now: () => new Date(own.nowMs),
    chance: () => 0,
    after: (ms, act) => {
      const timer = { ms, act }
      timers.push(timer)
      for (const wake of waiting.splice(0)) wake()
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
    ask: (question) => {
      questions.push(question)
      return own.ask(question)
    },
    onChange: (staples) => {
      own.staples = staples
    },
  })
  return Object.assign(own, { stapling })
}

const metricOf = (stapling: Stapling, name: string, label: string): number | undefined =>
  stapling
    .collect()
    .find((metric) => metric.name === name)
    ?.values.find(({ labels }) => Object.values(labels).includes(label))?.value

t.test('asked at once, then at half of the life of the answer', async (t) => {
  const world = start(t)
  world.stapling.watch([first, second])
  await world.settled(2)
  t.equal(world.questions.length, 2)
  t.equal(world.staples.length, 2)
  t.match(
    world.staples.map(({ response }) => response.length > 500),
    [true, true],
  )
  for (const { ms } of world.timers) t.ok(ms > 29 * MINUTE_MS && ms <= 30 * MINUTE_MS, `${ms}`)
  t.match(await world.line(({ msg }) => msg === 'OCSP response fetched'), { level: 30 })
  t.equal(metricOf(world.stapling, 'lyncgate_ocsp_fetches_total', 'good'), 2)
  const until = metricOf(
    world.stapling,
    'lyncgate_ocsp_response_expiry_timestamp_seconds',
    'first.example',
  )
  t.equal(until, (world.staples[0]?.expiresAtMs ?? 0) / 1000)
})

t.test('a certificate that stays is not asked for again, one that goes is forgotten', async (t) => {
  const world = start(t)
  world.stapling.watch([first, second])
  await world.settled(2)
  const [, kept] = world.staples
  world.stapling.watch([second])
  t.same(world.staples, [kept])
  t.equal(world.questions.length, 2)
  t.equal(world.timers.length, 1, 'and nobody thinks of it any more')
  world.stapling.watch([second, first])
  await world.settled(2)
  t.equal(world.questions.length, 3)
  world.stapling.watch([])
  t.same([world.staples, world.timers], [[], []])
})

t.test('an answer that comes when nobody wants it changes nothing', async (t) => {
  let arrive = (): void => {}
  const world = start(t, async (question) => {
    await new Promise<void>((resolve) => {
      arrive = resolve
    })
    return answer(question)
  })
  world.stapling.watch([first])
  const [question] = world.questions
  world.stapling.watch([])
  t.ok(question?.signal.aborted)
  arrive()
  await authority.answer(question?.request ?? Buffer.alloc(0))
  await new Promise((resolve) => setImmediate(resolve))
  t.same([world.staples, world.timers], [[], []])
})

t.test('failures: later each time, and what is there stays', async (t) => {
  const world = start(t)
  world.stapling.watch([first])
  await world.settled(1)
  const before = world.staples
  world.ask = async () => failed('ECONNREFUSED')
  const delays: number[] = []
  for (let n = 0; n < 8; n++) {
    world.turn()
    await world.settled(1)
    delays.push((world.timers[0]?.ms ?? 0) / MINUTE_MS)
  }
  t.same(delays, [1, 2, 4, 8, 16, 32, 60, 60])
  t.equal(world.staples, before, 'handshakes see for themselves when it has expired')
  t.match(
    world.lines.findLast(({ msg }) => msg === 'no OCSP response'),
    {
      level: 40,
      reason: 'ECONNREFUSED',
      names: ['first.example'],
    },
  )
  t.equal(metricOf(world.stapling, 'lyncgate_ocsp_fetches_total', 'unreachable'), 8)
})

t.test('garbage and unknown keep what is there; revoked takes it away', async (t) => {
  const world = start(t)
  world.stapling.watch([first])
  await world.settled(1)
  world.nowMs = Date.now()
  const turn = async (): Promise<void> => {
    const nowMs = world.nowMs
    world.turn()
    world.nowMs = nowMs
    await world.settled(1)
  }
  world.ask = async () => ok(Buffer.from('<html>'))
  await turn()
  t.equal(world.staples.length, 1)
  t.match(world.lines.at(-1), { msg: 'no OCSP response', reason: 'malformed response' })

  world.ask = answer
  await authority.setStatus('first.example', 'unknown')
  await turn()
  t.equal(world.staples.length, 1)
  t.match(world.lines.at(-1), { reason: 'the responder does not know the certificate' })

  const [old] = world.staples
  await nextSecond()
  await authority.setStatus('first.example', 'revoked')
  await turn()
  t.same(world.staples, [])
  t.match(world.lines.at(-1), {
    msg: 'certificate is revoked',
    level: 50,
    names: ['first.example'],
  })

  world.ask = async () => ok(Buffer.from(old?.response ?? []))
  await turn()
  t.same(world.staples, [], 'an older answer does not take that back')
  t.match(world.lines.at(-1), { reason: 'an answer older than the last' })

  world.ask = answer
  await authority.setStatus('first.example', 'good')
  await turn()
  t.equal(world.staples.length, 1, 'it was on hold')
})

t.test('what cannot be stapled is said once', async (t) => {
  const world = start(t)
  const alone = { ...first, certPem: first.certPem.slice(0, first.certPem.indexOf('-----END')) }
  const lonely = { ...first, certPem: `${alone.certPem}-----END CERTIFICATE-----\n` }
  world.stapling.watch([lonely])
  world.stapling.watch([lonely, second])
  await world.settled(1)
  const said = world.lines.filter(({ msg }) => msg === 'certificate cannot be stapled')
  t.match(said, [{ reason: 'the certificate of its issuer is not in the chain' }])
  t.equal(said.length, 1)
  t.equal(world.staples.length, 1)
})

t.test('when it is asked again', async (t) => {
  const at = (hours: number): Date => new Date(hours * HOUR_MS)
  const life = { thisUpdate: at(0), nextUpdate: at(48) }
  t.equal(refreshDelayMs(life, at(0), 0), 24 * HOUR_MS)
  t.equal(refreshDelayMs(life, at(0), 1), 21.6 * HOUR_MS, 'replicas at different times')
  t.equal(refreshDelayMs(life, at(40), 0), 4 * HOUR_MS, 'one that was prepared in advance')
  t.equal(refreshDelayMs(life, at(47.999), 0), MINUTE_MS)
  const long = { thisUpdate: at(0), nextUpdate: at(87_600) }
  t.equal(refreshDelayMs(long, at(0), 0), 168 * HOUR_MS)
  t.equal(retryDelayMs(1, 1), 45_000)
  t.equal(retryDelayMs(5_000, 0), HOUR_MS)
})

t.test('an answer that has expired is not found any more', async (t) => {
  const staples = new Staples()
  const der = Buffer.from('a certificate')
  const staple = {
    certificate: certificateHash(der),
    response: new Uint8Array([1, 2]),
    expiresAtMs: 1_000,
  }
  t.equal(staples.find(der, 0), undefined)
  staples.adopt([staple])
  t.same(staples.find(der, 999), Buffer.from([1, 2]))
  t.equal(staples.find(der, 1_000), undefined)
  t.equal(staples.find(Buffer.from('another'), 0), undefined)
})

/** Times in answers are whole seconds. */
async function nextSecond(): Promise<void> {
  const second = Math.floor(Date.now() / 1000)
  while (Math.floor(Date.now() / 1000) === second)
    await new Promise((resolve) => setTimeout(resolve, 20))
}
