/** Gives findings their line and column, sorts them, and keeps the list readable. */
import type { Finding } from './finding.ts'
import type { KeyPath, Place, Problem } from './problem.ts'
import { problemCodes } from './problem-codes.ts'
import { writeKeyPath } from './quote.ts'

/** More than anyone reads; the rest is only counted. */
export const mostProblems = 100

type Locate = (path: KeyPath, at?: 'key' | 'value') => Place

/** Problems in the order of the file, at most `mostProblems` and one that counts the others. */
export function toProblems(findings: readonly Finding[], locate: Locate): Problem[] {
  const all = findings.map((finding): Placed => {
    const { line, column } = finding.place ?? locate(finding.path, finding.at)
    return { finding, line, column, severity: problemCodes[finding.code].severity }
  })
  all.sort(byPlace)
  if (all.length <= mostProblems) return all.map(toProblem)
  // Errors first: a list cut short must not look harmless.
  const errors = all.filter(({ severity }) => severity === 'error')
  const warnings = all.filter(({ severity }) => severity === 'warning')
  const listed = [...errors, ...warnings].slice(0, mostProblems).sort(byPlace)
  return [...listed.map(toProblem), countRest(all, errors.length > 0 ? 'error' : 'warning')]
}

interface Placed extends Place {
  readonly finding: Finding
  readonly severity: Problem['severity']
}

function toProblem({ finding, line, column, severity }: Placed): Problem {
  const { code, path, message } = finding
  const hint = typeof finding.hint === 'function' ? finding.hint() : finding.hint
  const problem = { line, column, severity, code, where: writeKeyPath(path), message }
  return hint === undefined ? problem : { ...problem, hint }
}

function countRest(all: readonly Placed[], severity: Problem['severity']): Problem {
  const { line, column } = all.at(-1) ?? { line: 1, column: 1 }
  const message = `and ${all.length - mostProblems} more`
  return { line, column, severity, code: 'more-problems', where: '', message }
}

const byPlace = (one: Place, other: Place): number =>
  one.line - other.line || one.column - other.column
