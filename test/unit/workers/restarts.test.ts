/** How soon a worker that died is replaced. */
import t from 'tap'
import { Restarts } from '../../../src/workers/restarts.ts'

t.test('at once after a long life, later and later after short ones', async (t) => {
  const restarts = new Restarts()
  t.equal(restarts.note(60_000), 0)
  t.same(
    Array.from({ length: 9 }, () => restarts.note(100)),
    [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  )
  t.equal(restarts.note(10_000), 0)
  t.equal(restarts.note(9_999), 250, 'a long life makes good')
  t.equal(restarts.count, 12)
})
