/** What the status has of a long list of blocks. */
import t from 'tap'
import { summarizeBlocked } from '../../../src/admin/describe-blocked.ts'
import type { AdminScope } from '../../../src/admin/scope.ts'
import { Blocks } from '../../../src/guard/blocks.ts'
import { monotonicNow } from '../../../src/pipeline/exchange.ts'

function scopeOf(count: number, wallMs: number): AdminScope {
  const blocks = new Blocks(() => {})
  const sinceMs = monotonicNow()
  for (let n = 0; n < count; n++)
    blocks.note({
      kind: 'client',
      name: `2001:db8:0:${n}`,
      failures: 5,
      sinceMs,
      untilMs: sinceMs + 600_000,
      isForFamiliar: false,
    })
  const desk = { blocks, mode: 'enforce' }
  return { runtime: { desk }, now: () => new Date(wallMs) } as unknown as AdminScope
}

t.test('at most 100 rows, the newest first, and how many there are', async (t) => {
  const { total, rows } = summarizeBlocked(scopeOf(250, 0))
  t.equal(total, 250)
  t.equal(rows.length, 100)
  t.match(rows[0], { kind: 'client', name: '2001:db8:0:249::/64', failures: 5 })
  t.match(rows[99], { name: '2001:db8:0:150::/64' })
})

t.test('the end of a block is a whole second, so that a look at it is no news', async (t) => {
  const { rows } = summarizeBlocked(scopeOf(1, 123))
  t.match(rows[0]?.until, /:\d\d\.000Z$/)
})
