/** One at a time, in the order of asking. */
import t from 'tap'
import { Lock } from '../../../src/workers/lock.ts'

t.test('whoever asks waits for those before', async (t) => {
  const lock = new Lock()
  const order: string[] = []
  const release = await lock.take()
  const others = ['b', 'c'].map(async (name) => {
    const end = await lock.take()
    order.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    order.push(`${name} ends`)
    end()
  })
  order.push('a ends')
  release()
  release()
  await Promise.all(others)
  t.same(order, ['a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})
