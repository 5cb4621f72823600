/**
 * `npm run fuzz -- [--seconds N] [--seed N] [--only front|back|parsers]`: fuzzes until the time is over, round by round,
 * and ends with the first case that fails, as small as it can be made and written as a regression test.
 */
import { parseArgs } from 'node:util'
import { type Found, type TargetName, targets } from './targets.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    only: { type: 'string' },
  },
})
const first = Number(values.seed)
const endsAt = performance.now() + Number(values.seconds) * 1000
const names = (Object.keys(targets) as TargetName[]).filter(
  (name) => values.only === undefined || name === values.only,
)
if (names.length === 0 || !Number.isSafeInteger(first) || !(Number(values.seconds) > 0)) {
  process.stderr.write(
    'usage: npm run fuzz -- [--seconds N] [--seed N] [--only front|back|parsers]\n',
  )
  process.exit(2)
}

const counts = new Map<TargetName, number>()
let found: Found | undefined
for (let seed = first; !found && performance.now() < endsAt; seed++) {
  for (const name of names) {
    const { round, run } = targets[name]
    found ??= await run(seed, round)
    counts.set(name, (counts.get(name) ?? 0) + round)
  }
  const said = [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  const left = Math.max(0, Math.round((endsAt - performance.now()) / 1000))
  process.stderr.write(`seed ${seed}: ${said} cases, ${left} s left\n`)
}
if (found) process.stdout.write(regressionOf(found))
process.exit(found ? 1 : 0)

/** The text of a file for test/regression. */
function regressionOf({ target, seed, wrong, input }: Found): string {
  const runs: Readonly<Record<TargetName, readonly [from: string, run: string]>> = {
    front: ['front-cases', `t.equal(await runFrontCase(${input}), undefined)`],
    back: ['back', `t.equal(await runBack(${input}), undefined)`],
    parsers: ['parsers', `t.equal(runParsers(${input}), undefined)`],
  }
  const [from, run] = runs[target]
  const name = /\b(run\w+)/.exec(run)?.[1]
  return `// test/regression/say-what-was-wrong.test.ts
/** Found by the fuzzer (${target}, seed ${seed}): ${wrong.split('\n')[0]} */
import t from 'tap'
import { ${name} } from '../fuzz/${from}.ts'

t.test('say what must hold', async (t) => {
  ${run}
})
`
}
