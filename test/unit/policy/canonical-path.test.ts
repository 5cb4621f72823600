import t from 'tap'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'

const segmentsOf = (target: string) => {
  const path = canonicalPath(target)
  return path.ok ? path.readings.map(({ segments }) => segments.join('/')) : path.reason
}

t.test('a plain path has one reading', async (t) => {
  t.same(segmentsOf('/WebTicket/WebTicketService.svc/mex?x=/cscp'), [
    'webticket/webticketservice.svc/mex',
  ])
  t.same(segmentsOf('/'), [''])
})

t.test('every decoding is a reading', async (t) => {
  t.same(segmentsOf('/%2561'), ['%2561', '%61', 'a'])
  t.same(segmentsOf('/a%2fb'), ['a%2fb', 'a/b'])
  t.same(segmentsOf('/a%zz'), ['a%zz'])
})

t.test('dot segments make the order of names unsure', async (t) => {
  const path = canonicalPath('/x/%2e%2e/y')
  t.match(path, {
    ok: true,
    readings: [{ hasDotSegments: false }, { segments: ['x', 'y'], hasDotSegments: true }],
  })
  t.match(canonicalPath('/x/..;p/y'), { readings: [{ hasDotSegments: true }] })
  t.match(canonicalPath('/x/...'), { readings: [{ hasDotSegments: true }] })
})

t.test('names are cleaned as Windows does it', async (t) => {
  t.same(segmentsOf('/a. /b;c/d::$DATA/(S(x))/e'), ['a/b/d/e'])
})

t.test('UTF-8 and latin1 are both read', async (t) => {
  t.same(segmentsOf('/caf%c3%a9'), ['caf%c3%a9', 'café', 'cafe'])
  t.same(segmentsOf('/caf%e9'), ['caf%e9', 'café', 'cafe', 'caf'])
})

t.test('what hides a character is undecidable', async (t) => {
  for (const target of [
    '/%00',
    '/%c0%ae',
    '/%e0%80%af',
    '/%f0%80%80%af',
    '/\x01',
    '/%0d%0a',
    '/%u0000',
    '/%f8%80%80%80%af',
    '/%fc%80%80%80%80%af',
    '/%ef%bc%8563',
    '/b/(S(x))in',
    '/(S((S(x))))/b',
    '/(S(x))b(S(y))',
    `/%20${'a'.repeat(12_288)}`,
  ]) {
    t.equal(canonicalPath(target).ok, false, target)
  }
})
