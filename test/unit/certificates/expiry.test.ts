/** When is spoken of the end of a certificate, and how often. */
import t from 'tap'
import type { LoadedCertificate } from '../../../src/certificates/certificate.ts'
import { daysLeft, passedThreshold } from '../../../src/certificates/expiry.ts'
import { watchExpiry } from '../../../src/certificates/watch-expiry.ts'
import { collectLog } from '../../support/collected-log.ts'

const DAY_MS = 86_400_000
const END = new Date('2026-12-31T12:00:00Z')
const before = (days: number): Date => new Date(END.getTime() - days * DAY_MS)

const certificate = (serialNumber: string, lifeDays = 90): LoadedCertificate => ({
  names: ['lyncweb.contoso.com'],
  certPem: '',
  keyPem: '',
  notBefore: before(lifeDays),
  notAfter: END,
  issuer: 'Test Root',
  serialNumber,
  keyType: 'ec',
  keyBits: undefined,
})

t.test('days are rounded down', async (t) => {
  t.equal(daysLeft({ notAfter: END }, before(1)), 1)
  t.equal(daysLeft({ notAfter: END }, before(0.5)), 0)
  t.equal(daysLeft({ notAfter: END }, before(-0.5)), -1)
})

t.test('30, 14 and 3 days before the end, and after it', async (t) => {
  const threshold = (days: number, life = 90) =>
    passedThreshold(certificate('1', life), before(days))
  t.same(
    [31, 30, 15, 14, 4, 3, 0.1, 0, -5].map((days) => threshold(days)),
    [undefined, 30, 30, 14, 14, 3, 3, 0, 0],
  )
  t.same(
    [40, 23, 14, 3].map((days) => threshold(days, 45)),
    [undefined, undefined, 14, 3],
  )
  t.same(
    [5, 3, 1].map((days) => threshold(days, 6)),
    [undefined, 3, 3],
    'half of its life',
  )
})

t.test('one line per certificate and threshold, while the time goes on', async (t) => {
  const { logger, lines } = collectLog('info')
  let today = before(40)
  const ticks: (() => void)[] = []
  t.intercept(globalThis, 'setInterval', {
    value: (tick: () => void) => {
      ticks.push(tick)
      return { unref: () => {} }
    },
  })
  const watch = watchExpiry({ logger, now: () => today })
  t.teardown(watch.stop)
  watch.watch([certificate('1')])
  let heard = 0
  const said = () => {
    const more = lines.slice(heard)
    heard = lines.length
    return more.map((line: object) => {
      const { msg, level, daysLeft } = line as Readonly<Record<string, unknown>>
      return [msg, level, daysLeft]
    })
  }
  const passTo = (days: number) => {
    today = before(days)
    for (const tick of ticks) tick()
    return said()
  }
  t.same(said(), [])
  t.same(passTo(30), [['certificate expires soon', 40, 30]])
  t.same(passTo(29), [], 'said already')
  watch.watch([certificate('1')])
  t.same(said(), [], 'a reload with the same certificate')
  t.same(passTo(14), [['certificate expires soon', 40, 14]])
  watch.watch([certificate('1'), certificate('2')])
  t.same(said(), [['certificate expires soon', 40, 14]], 'another one, at once')
  t.same(passTo(3).length, 2)
  watch.watch([certificate('2')])
  t.same(passTo(-1), [['certificate has expired', 50, -1]], 'nothing of one that is gone')
})
