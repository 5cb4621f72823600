import t from 'tap'
import { CheckSlots } from '../../../src/health/check-slots.ts'

t.test('so many at once, the others in their order', async (t) => {
  const slots = new CheckSlots(2)
  const begun: number[] = []
  const releases: (() => void)[] = []
  const leaves = [0, 1, 2, 3, 4].map((n) =>
    slots.take((release) => {
      begun.push(n)
      releases.push(release)
    }),
  )
  t.same(begun, [0, 1])
  leaves[2]?.()
  releases[0]?.()
  t.same(begun, [0, 1, 3], 'who left the queue is passed over')
  releases[0]?.()
  t.same(begun, [0, 1, 3], 'room is given back once')
  leaves[1]?.()
  slots.clear()
  releases[1]?.()
  t.same(begun, [0, 1, 3])
})
