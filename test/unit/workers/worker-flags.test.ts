import t from 'tap'
import { workerFlags } from '../../../src/workers/worker-flags.ts'
import { runProgram } from '../../support/real-process.ts'

/** A heap that stays, and buffers of which the last 500 MB are kept: so they die old. */
const CHURN = `
const kept = Array.from({ length: 300_000 }, (_, at) => ({ text: String(at) }))
const ring = []
for (let time = 0; time < 10_000; time++)
  ring[time % 2_000] = [new ArrayBuffer(256 * 1024), Array.from({ length: 50 }, (_, at) => ({ at }))]
if (kept.length === 0) throw new Error()`

async function countMarkings(flags: readonly string[]): Promise<number> {
  const args = [...flags, '--trace-gc', '-e', CHURN]
  const { code, stdout, stderr } = await runProgram({ program: process.execPath, args })
  if (code !== 0) throw new Error(stderr)
  return stdout.split('Mark-Compact').length - 1
}

t.test('what is dead outside the heap does not make V8 mark all of it as often', async (t) => {
  const flags = workerFlags(undefined)
  const without = flags.filter((flag) => !flag.includes('external-memory'))
  t.not(without.length, flags.length, 'V8 before 14.8 has to be told')
  const [told, untold] = [await countMarkings(flags), await countMarkings(without)]
  t.ok(told * 2 <= untold, `${told} times, and ${untold} times without the flag`)
})
