/** Who orders when several share a storage, on a clock of the test. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Lease, leaseTimes } from '../../../src/acme/lease.ts'
import { type FakeClock, fakeClock } from '../../support/acme-world.ts'

const leaseAt = (file: string, clock: FakeClock, onSleep = (): void => {}): Lease =>
  new Lease({
    file,
    now: clock.now,
    after: clock.after,
    sleep: (ms) => {
      const slept = new Promise<void>((resolve) => void clock.after(ms, resolve))
      onSleep()
      return slept
    },
    times: leaseTimes,
  })

/** Lets time pass until the promise has settled. */
async function during<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  await clock.until(() => isSettled)
  return settled
}

t.test('the second gets it when the first has given it back', async (t) => {
  const clock = fakeClock(0)
  const file = join(t.testdir({}), 'lease')
  const [one, other] = [leaseAt(file, clock), leaseAt(file, clock)]
  const held = await during(clock, one.acquire())
  t.ok(held)
  for (let n = 0; n < 10; n++) {
    t.equal(await during(clock, other.acquire()), undefined)
    await clock.pass(leaseTimes.beatMs)
  }
  t.equal(held?.lost.aborted, false)
  await held?.release()
  const next = await during(clock, other.acquire())
  t.ok(next)
  await next?.release()
})

t.test('the lease of one that died is free when it has been still long enough', async (t) => {
  const clock = fakeClock(0)
  const file = join(t.testdir({ lease: 'somebody 7\n' }), 'lease')
  const lease = leaseAt(file, clock)
  t.equal(await during(clock, lease.acquire()), undefined)
  clock.after(leaseTimes.deadMs, () => {})
  await clock.pass(leaseTimes.deadMs)
  t.ok(await during(clock, lease.acquire()))
})

t.test('of two that take it at once the last one has it', async (t) => {
  const clock = fakeClock(0)
  const file = join(t.testdir({}), 'lease')
  let decided = 0
  const both = [1, 2].map(async () => {
    const held = await leaseAt(file, clock, () => decided++).acquire()
    decided++
    return held
  })
  // Both have written, or one has seen what the other wrote. Files take real time: the clock must not run ahead of them.
  while (decided < 2) await new Promise((resolve) => setImmediate(resolve))
  const held = await during(clock, Promise.all(both))
  t.equal(held.filter(Boolean).length, 1)
})

t.test('whoever loses it hears of it, and leaves that of the other one alone', async (t) => {
  const clock = fakeClock(0)
  const file = join(t.testdir({}), 'lease')
  const held = await during(clock, leaseAt(file, clock).acquire())
  writeFileSync(file, 'somebody else 1\n')
  await clock.until(() => held?.lost.aborted === true)
  await held?.release()
  t.equal(readFileSync(file, 'utf8'), 'somebody else 1\n')
})
