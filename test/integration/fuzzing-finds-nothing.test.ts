/** A few seconds of `npm run fuzz`, with the same seed everywhere; `npm run fuzz -- --seconds N` goes on for longer. */
import t from 'tap'
import { type TargetName, targets } from '../fuzz/targets.ts'

const SEED = 20_261_122

const cases: Readonly<Record<TargetName, number>> = { front: 1_000, back: 5_000, parsers: 20_000 }

for (const [name, count] of Object.entries(cases)) {
  t.test(`${count} cases: ${name}`, async (t) => {
    t.equal(await targets[name as TargetName].run(SEED, count), undefined)
  })
}
