import t from 'tap'
import {
  delayAfter,
  momentIn,
  nextInformation,
  renewalTime,
  retryAfterMs,
} from '../../../src/acme/schedule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const of = (days: number) => ({ notBefore: 0, notAfter: days * DAY })

t.test('renewal: with a third left, and up to a thirtieth earlier', async (t) => {
  t.equal(renewalTime(of(90), 0), 60 * DAY)
  t.equal(renewalTime(of(90), 1), 57 * DAY)
  t.equal(renewalTime(of(6), 0), 4 * DAY)
})

t.test('waiting: from minutes to a day, within the life of a certificate', async (t) => {
  const minutes = (failures: number) => delayAfter(failures, undefined, 0.5) / MINUTE
  t.same([1, 2, 3, 4, 8, 9, 10, 1000].map(minutes), [5, 10, 20, 40, 640, 1280, 1440, 1440])
  t.equal(delayAfter(50, of(6), 0.5), 12 * HOUR)
  t.equal(delayAfter(50, { notBefore: 0, notAfter: 1 }, 0.5), MINUTE, 'never at once')
  t.equal(delayAfter(1, undefined, 0), 4.5 * MINUTE)
  t.equal(delayAfter(1, undefined, 1), 5.5 * MINUTE)
  let inFirstHour = 0
  for (let at = 0, failures = 1; at < HOUR; at += delayAfter(failures++, undefined, 0))
    inFirstHour++
  t.ok(inFirstHour <= 5, 'the limit of Let’s Encrypt for a name')
})

t.test('Retry-After: seconds, dates, and what is neither', async (t) => {
  const now = Date.parse('2026-11-22T10:00:00Z')
  t.equal(retryAfterMs('120', now), 120_000)
  t.equal(retryAfterMs('Sun, 22 Nov 2026 11:00:00 GMT', now), HOUR)
  t.equal(retryAfterMs('Sun, 22 Nov 2020 11:00:00 GMT', now), 0)
  t.equal(retryAfterMs('999999999', now), DAY)
  for (const odd of [undefined, '', 'soon', '-5', '99999999999999999999', '1e3'])
    t.ok((retryAfterMs(odd, now) ?? 0) <= DAY, String(odd))
  t.equal(retryAfterMs('soon', now), undefined)
})

t.test('renewal information: within its window, asked for within limits', async (t) => {
  t.equal(momentIn(100, 200, 0.25), 125)
  t.equal(nextInformation({ retryAfterMs: undefined }), 6 * HOUR)
  t.equal(nextInformation({ retryAfterMs: 0 }), MINUTE)
  t.equal(nextInformation({ retryAfterMs: 30 * DAY }), DAY)
  t.equal(nextInformation(undefined), DAY)
})
