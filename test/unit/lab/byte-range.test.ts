import t from 'tap'
import { readRange } from '../../../src/lab/byte-range.ts'

const cases: readonly (readonly [string | undefined, ReturnType<typeof readRange>])[] = [
  [undefined, 'whole'],
  ['bytes=0-0', { start: 0, end: 1 }],
  ['bytes=10-', { start: 10, end: 100 }],
  ['bytes=-10', { start: 90, end: 100 }],
  ['bytes=-1000', { start: 0, end: 100 }],
  ['bytes=90-1000', { start: 90, end: 100 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', 'whole'],
  ['bytes=0-1,4-5', 'whole'],
  ['bytes=-', 'whole'],
  ['lines=1-2', 'whole'],
]

for (const [header, expected] of cases) {
  t.test(String(header), async (t) => t.same(readRange(header, 100), expected))
}
