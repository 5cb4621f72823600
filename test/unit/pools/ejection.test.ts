import t from 'tap'
import {
  beginTrial,
  type Ejection,
  endEjection,
  FAILURES_IN_A_ROW,
  FIRST_EJECTION_MS,
  isEjected,
  LONGEST_EJECTION_MS,
  noEjection,
  recordAnswer,
  recordConnected,
  recordFailure,
} from '../../../src/pools/ejection.ts'

const CONNECT_MS = 1_000

const fail = (ejection: Ejection, nowMs: number, kind: 'connect' | 'answer' = 'connect') =>
  recordFailure(ejection, { kind, startedAtMs: nowMs, nowMs }, () => false)

t.test('a failed connect ejects at once', async (t) => {
  const ejection = noEjection()
  t.equal(fail(ejection, 100), FIRST_EJECTION_MS)
  t.ok(isEjected(ejection, 100 + FIRST_EJECTION_MS - 1))
  t.notOk(isEjected(ejection, 100 + FIRST_EJECTION_MS))
})

t.test('requests without an answer eject only in a row', async (t) => {
  const ejection = noEjection()
  for (let n = 1; n < FAILURES_IN_A_ROW; n++) t.equal(fail(ejection, n, 'answer'), undefined)
  recordAnswer(ejection, 10)
  for (let n = 1; n < FAILURES_IN_A_ROW; n++) t.equal(fail(ejection, 10 + n, 'answer'), undefined)
  t.notOk(isEjected(ejection, 20))
  t.equal(fail(ejection, 20, 'answer'), FIRST_EJECTION_MS)
})

t.test('what began before an ejection does not lengthen it', async (t) => {
  const ejection = noEjection()
  fail(ejection, 100)
  for (let n = 0; n < 50; n++) {
    const failure = { kind: 'connect', startedAtMs: 99, nowMs: 200 } as const
    t.equal(
      recordFailure(ejection, failure, () => false),
      undefined,
    )
  }
  t.equal(ejection.nextMs, FIRST_EJECTION_MS * 2)
})

t.test('each ejection is twice as long, up to a limit', async (t) => {
  const ejection = noEjection()
  const lengths: (number | undefined)[] = []
  for (let nowMs = 0; lengths.length < 9; nowMs = ejection.untilMs) {
    beginTrial(ejection, nowMs, CONNECT_MS)
    lengths.push(fail(ejection, nowMs + CONNECT_MS))
  }
  t.same(
    lengths.map((ms = 0) => ms / 1_000),
    [5, 10, 20, 40, 80, 160, 300, 300, 300],
  )
  t.equal(lengths.at(-1), LONGEST_EJECTION_MS)
})

t.test('the last usable server is spared', async (t) => {
  const ejection = noEjection()
  const failure = { kind: 'connect', startedAtMs: 1, nowMs: 1 } as const
  t.equal(
    recordFailure(ejection, failure, () => true),
    undefined,
  )
  t.notOk(isEjected(ejection, 1))
  t.equal(fail(ejection, 2), FIRST_EJECTION_MS, 'until it is not the last one any more')
})

t.test('when the time is over, one tries and the others wait', async (t) => {
  const ejection = noEjection()
  fail(ejection, 0)
  const overMs = FIRST_EJECTION_MS
  t.notOk(isEjected(ejection, overMs))
  beginTrial(ejection, overMs, CONNECT_MS)
  t.ok(isEjected(ejection, overMs), 'for all others')
  t.notOk(isEjected(ejection, overMs + CONNECT_MS), 'not for ever, should nobody hear how it ends')

  recordConnected(ejection, overMs + 10)
  t.notOk(isEjected(ejection, overMs + 10))
  t.equal(ejection.returnedAtMs, overMs + 10)
  t.equal(recordAnswer(ejection, overMs + 20), true, 'it is back')
  t.equal(recordAnswer(ejection, overMs + 21), false, 'which is said once')
})

t.test('tried during an ejection, because all others failed', async (t) => {
  const ejection = noEjection()
  fail(ejection, 0)
  t.equal(fail(ejection, 1), undefined, 'it does not last longer for that')
  t.equal(ejection.nextMs, FIRST_EJECTION_MS * 2)
  recordConnected(ejection, 2)
  t.notOk(isEjected(ejection, 2), 'a connection refutes that it cannot be connected')

  const broken = noEjection()
  for (let n = 0; n < FAILURES_IN_A_ROW; n++) fail(broken, n, 'answer')
  recordConnected(broken, 10)
  t.ok(isEjected(broken, 10), 'and says nothing about answers')
})

t.test('a connection that stands is no answer', async (t) => {
  const ejection = noEjection()
  for (let n = 0; n < FAILURES_IN_A_ROW; n++) fail(ejection, n, 'answer')
  const overMs = ejection.untilMs
  beginTrial(ejection, overMs, CONNECT_MS)
  recordConnected(ejection, overMs)
  t.equal(fail(ejection, overMs + 1, 'answer'), FIRST_EJECTION_MS * 2, 'out again at once')
})

t.test('an answer from before does not end an ejection', async (t) => {
  const ejection = noEjection()
  fail(ejection, 0)
  t.equal(recordAnswer(ejection, 1), false)
  t.ok(isEjected(ejection, 1))
})

t.test('good times halve the next ejection, slowly', async (t) => {
  const ejection = noEjection()
  fail(ejection, 0)
  endEjection(ejection)
  fail(ejection, 1)
  endEjection(ejection)
  t.equal(ejection.nextMs, 20_000)
  for (let nowMs = 2; nowMs < 20_001; nowMs += 100) recordAnswer(ejection, nowMs)
  t.equal(ejection.nextMs, 20_000, 'not by many answers')
  recordAnswer(ejection, 20_001)
  t.equal(ejection.nextMs, 10_000)
  recordAnswer(ejection, 30_001)
  recordAnswer(ejection, 300_000)
  t.equal(ejection.nextMs, FIRST_EJECTION_MS)
})

t.test('a check that finds it healthy again ends it', async (t) => {
  const ejection = noEjection()
  fail(ejection, 0)
  endEjection(ejection)
  t.notOk(isEjected(ejection, 1))
  t.equal(recordAnswer(ejection, 2), false)
})
