import t from 'tap'
import type { BlockEvent } from '../../../src/guard/blocks.ts'
import type { SignInOutcome, Verdict } from '../../../src/guard/gate.ts'
import { type DeskSettings, SignInDesk } from '../../../src/guard/sign-in-desk.ts'

const MINUTE = 60_000

const usual: DeskSettings = {
  mode: 'enforce',
  perUser: { failures: 5, windowMs: 15 * MINUTE, blockMs: 15 * MINUTE },
  perClient: { failures: 200, windowMs: 15 * MINUTE, blockMs: 15 * MINUTE },
  isAllowedClient: (address) => address === '192.0.2.9',
  allowedUsers: new Set(['monitor']),
}

function open(settings: Partial<DeskSettings> = {}) {
  let nowMs = 1_000_000
  const events: BlockEvent[] = []
  const timers: { atMs: number; run: () => void }[] = []
  const desk = new SignInDesk({
    now: () => nowMs,
    onEvent: (event) => events.push(event),
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
  })
  desk.adopt({ ...usual, ...settings })
  const enter = (user: string, clientAddress: string) => {
    const verdicts: Verdict[] = []
    const giveUp = desk.enter({ users: [user], creditee: user, clientAddress }, (verdict) =>
      verdicts.push(verdict),
    )
    return { verdicts, giveUp }
  }
  const attempt = (user: string, outcome: SignInOutcome, from = '198.51.100.1'): string => {
    const [verdict] = enter(user, from).verdicts
    if (verdict?.kind === 'pass') desk.settle(verdict.ticket, outcome)
    return verdict?.kind ?? 'waits'
  }
  const pass = (ms: number): void => {
    nowMs += ms
    for (const timer of [...timers]) if (timer.atMs <= nowMs) timer.run()
    desk.blocks.sweep(nowMs)
  }
  return { desk, events, enter, attempt, pass, now: () => nowMs }
}

const times = (count: number, run: () => string): string[] => Array.from({ length: count }, run)

t.test('the sixth wrong password of a user is not passed on, from wherever', async (t) => {
  const { attempt, events, desk, now } = open()
  t.same(
    Array.from({ length: 7 }, (_, n) => attempt('alice', 'failed', `198.51.100.${n}`)),
    ['pass', 'pass', 'pass', 'pass', 'pass', 'blocked', 'blocked'],
  )
  t.match(events, [{ kind: 'begun', block: { kind: 'user', name: 'alice', failures: 5 } }])
  t.equal(attempt('bob', 'failed'), 'pass')
  t.match(desk.blocks.list(now()), [{ name: 'alice' }])
})

t.test('slow guesses count as Active Directory counts them', async (t) => {
  const { attempt, pass } = open()
  const verdicts = times(7, () => {
    pass(14 * MINUTE)
    return attempt('alice', 'failed')
  })
  t.same(verdicts, ['pass', 'pass', 'pass', 'pass', 'pass', 'blocked', 'pass'])
})

t.test('a block ends when the domain has forgotten, not before', async (t) => {
  const { attempt, pass, events } = open({
    perUser: { failures: 2, windowMs: 15 * MINUTE, blockMs: MINUTE },
  })
  times(2, () => attempt('alice', 'failed'))
  pass(14 * MINUTE)
  t.equal(attempt('alice', 'failed'), 'blocked')
  pass(2 * MINUTE)
  t.match(events.at(-1), { kind: 'ended', cause: 'time' })
  t.same(
    times(3, () => attempt('alice', 'failed')),
    ['pass', 'pass', 'blocked'],
  )
})

t.test('familiar clients go on, with a count of their own', async (t) => {
  const { attempt } = open()
  const home = '203.0.113.5'
  t.equal(attempt('alice', 'succeeded', home), 'pass')
  times(9, () => attempt('alice', 'failed'))
  t.equal(attempt('alice', 'succeeded', home), 'pass')
  t.equal(attempt('alice', 'succeeded', '203.0.113.6'), 'blocked')
  t.same(
    times(6, () => attempt('alice', 'failed', home)),
    [...Array(4).fill('pass'), 'blocked', 'blocked'],
  )
})

t.test('the domain never sees twice as many, whoever fails', async (t) => {
  const { attempt } = open()
  const homes = ['203.0.113.1', '203.0.113.2', '203.0.113.3']
  for (const home of homes) attempt('alice', 'succeeded', home)
  let seen = 0
  for (let n = 0; n < 40; n++)
    if (attempt('alice', 'failed', [...homes, '198.51.100.1'][n % 4]) === 'pass') seen++
  t.equal(seen, 9)
})

t.test('an IPv6 client is a /64', async (t) => {
  const { attempt } = open()
  attempt('alice', 'succeeded', '2001:db8:1:2::1')
  times(5, () => attempt('alice', 'failed'))
  t.equal(attempt('alice', 'succeeded', '2001:db8:1:2:ffff::9'), 'pass')
  t.equal(attempt('alice', 'succeeded', '2001:db8:1:3::1'), 'blocked')
})

t.test('a success sets the count back, and what nobody knows changes nothing', async (t) => {
  const { attempt } = open()
  times(4, () => attempt('alice', 'failed'))
  attempt('alice', 'unknown')
  attempt('alice', 'succeeded')
  t.same(times(6, () => attempt('alice', 'failed', '198.51.100.7')).at(-2), 'pass')
})

t.test('tries under way count: the sixth waits for what becomes of them', async (t) => {
  const { desk, enter, pass } = open()
  const first = Array.from({ length: 5 }, () => enter('alice', '198.51.100.1'))
  const tickets = first.map(({ verdicts: [verdict] }) =>
    verdict?.kind === 'pass' ? verdict.ticket : 0,
  )
  const waiting = [1, 2, 3].map(() => enter('alice', '198.51.100.1'))
  t.same(
    waiting.flatMap(({ verdicts }) => verdicts),
    [],
  )
  desk.settle(tickets[0] ?? 0, 'unknown')
  t.match(waiting[0]?.verdicts, [{ kind: 'pass' }], 'one may go on')
  waiting[1]?.giveUp()
  for (const ticket of tickets.slice(1)) desk.settle(ticket, 'failed')
  t.same(waiting[2]?.verdicts, [], 'four have failed, one is under way')
  pass(10_000)
  t.same(waiting[2]?.verdicts, [{ kind: 'blocked' }], 'a server that hangs is not waited for')
  t.same(waiting[1]?.verdicts, [], 'who has gone is not told')
})

t.test('a client with too many failures gets 429, however many users it tries', async (t) => {
  const { attempt, pass, events } = open({
    perClient: { failures: 3, windowMs: 10 * MINUTE, blockMs: 5 * MINUTE },
  })
  const verdicts = ['a', 'b', 'c', 'd'].map((user) => attempt(user, 'failed'))
  t.same(verdicts, ['pass', 'pass', 'pass', 'throttled'])
  t.match(events.at(-1), { kind: 'begun', block: { kind: 'client', name: '198.51.100.1' } })
  t.equal(attempt('d', 'failed', '198.51.100.2'), 'pass')
  pass(5 * MINUTE)
  t.equal(attempt('d', 'failed'), 'pass')
})

t.test('who is allowed is not counted', async (t) => {
  const { attempt } = open()
  t.same(new Set(times(9, () => attempt('alice', 'failed', '192.0.2.9'))), new Set(['pass']))
  t.same(new Set(times(9, () => attempt('monitor', 'failed'))), new Set(['pass']))
})

t.test('observe tells and refuses nobody', async (t) => {
  const { attempt, events } = open({ mode: 'observe' })
  t.same(new Set(times(9, () => attempt('alice', 'failed'))), new Set(['pass']))
  t.equal(events.length, 1)
})

t.test('an unblock forgets; a reload with the same numbers does not', async (t) => {
  const { desk, attempt, events } = open()
  times(5, () => attempt('alice', 'failed'))
  desk.adopt({ ...usual })
  t.equal(attempt('alice', 'failed'), 'blocked')
  t.ok(desk.unblock('user', 'alice'))
  t.notOk(desk.unblock('user', 'alice'))
  t.match(events.at(-1), { kind: 'ended', cause: 'command' })
  t.same(times(6, () => attempt('alice', 'failed')).at(-2), 'pass')
  desk.adopt({ ...usual, perUser: { ...usual.perUser, failures: 7 } })
  t.equal(attempt('alice', 'failed'), 'pass', 'other numbers begin anew')
})

t.test('a million made-up names unlock nobody', async (t) => {
  const { attempt } = open({ perClient: { ...usual.perClient, failures: 100_000 } })
  times(5, () => attempt('alice', 'failed'))
  times(4, () => attempt('bob', 'failed'))
  times(1, () => attempt('carol', 'failed'))
  const flood = 150_000
  for (let n = 0; n < flood; n++)
    attempt(`made-up-${n}`, 'failed', `2001:db8:0:${(n % 65_535).toString(16)}::1`)
  // Those that fail often push out their like.
  for (let n = 0; n < 40_000; n++)
    for (let k = 0; k < 4; k++) attempt(`often-${n}`, 'failed', `2001:db8:1:${n.toString(16)}::1`)
  t.equal(attempt('alice', 'failed'), 'blocked')
  t.same(
    times(2, () => attempt('bob', 'failed')),
    ['pass', 'blocked'],
  )
  const left = times(5, () => attempt('carol', 'failed')).filter((verdict) => verdict === 'pass')
  t.ok(left.length <= 4, 'the one failure is remembered')
})
