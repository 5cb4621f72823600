import type { Run, RunFacts } from '../results.ts'

const SAME: readonly (keyof RunFacts)[] = [
  'processor',
  'cores',
  'memoryGb',
  'kernel',
  'node',
  'openssl',
  'polls',
  'rounds',
]

/**
 * A run with the rows of a later one in place of its own, marked as such.
 * @throws an Error where the two do not belong together: another machine or other versions, or a row that was not there
 */
export function replaceRows(run: Run, later: Run): Run {
  const other = SAME.find((fact) => run.facts[fact] !== later.facts[fact])
  if (other) throw new Error(`${other} is ${later.facts[other]}, and was ${run.facts[other]}`)
  if (JSON.stringify(run.peers) !== JSON.stringify(later.peers))
    throw new Error('the peers or their versions are others')
  const { commit, date } = later.facts
  const rows = [...run.rows]
  for (const row of later.rows) {
    const at = rows.findIndex((each) => each.row === row.row)
    if (at === -1) throw new Error(`there was no row ${row.row}`)
    rows[at] = { ...row, anew: { commit, date } }
  }
  return { ...run, rows }
}
