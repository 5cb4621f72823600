import t from 'tap'
import { Pace } from '../../../src/guard/pace.ts'

const settings = { windowMs: 1_000, bytesPerSecond: 100 }

t.test('whoever keeps the pace is left alone', async (t) => {
  const pace = new Pace()
  for (let nowMs = 0; nowMs < 60_000; nowMs += 500)
    t.equal(pace.isKept(nowMs / 10, nowMs, settings), true)
})

t.test('too slow over a whole window, and not before', async (t) => {
  const pace = new Pace()
  t.equal(pace.isKept(1_000, 0, settings), true)
  t.equal(pace.isKept(1_099, 999, settings), true)
  t.equal(pace.isKept(1_099, 1_000, settings), false)
})

t.test('what counts is the average: a pause may follow a burst', async (t) => {
  const pace = new Pace()
  pace.isKept(0, 0, settings)
  t.equal(pace.isKept(100, 100, settings), true)
  t.equal(pace.isKept(100, 1_000, settings), true)
  t.equal(pace.isKept(100, 2_000, settings), false)
})

t.test('a window begins anew when there was nothing to wait for', async (t) => {
  const pace = new Pace()
  pace.isKept(0, 0, settings)
  t.equal(pace.isKept(undefined, 900, settings), true)
  t.equal(pace.isKept(0, 1_000, settings), true)
  t.equal(pace.isKept(0, 1_900, settings), true)
  t.equal(pace.isKept(0, 2_000, settings), false)
})

t.test('another exchange on the same connection counts from its own beginning', async (t) => {
  const pace = new Pace()
  pace.isKept(5_000, 0, settings)
  t.equal(pace.isKept(10, 1_000, settings), true)
})

t.test('without a rate a single byte is enough', async (t) => {
  const pace = new Pace()
  const any = { windowMs: 1_000, bytesPerSecond: 0 }
  pace.isKept(0, 0, any)
  t.equal(pace.isKept(1, 1_000, any), true)
  t.equal(pace.isKept(1, 2_000, any), false)
})
