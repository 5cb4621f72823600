import t from 'tap'
import { createSeldom } from '../../../src/observe/seldom.ts'

t.test('the first is said, then one in ten seconds with the number of the others', async (t) => {
  let nowMs = 5
  const said: number[] = []
  const seldom = createSeldom(() => nowMs)
  const happen = (atMs: number): void => {
    nowMs = atMs
    seldom((unsaid) => said.push(unsaid))
  }
  for (const atMs of [5, 6, 7, 10_004]) happen(atMs)
  t.same(said, [0])
  for (const atMs of [10_005, 20_004]) happen(atMs)
  t.same(said, [0, 3])
  happen(90_000)
  t.same(said, [0, 3, 1])
})
