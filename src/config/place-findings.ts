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
  const problems = findings.map((finding) => toProblem(finding, locate)).sort(byPlace)
  if (problems.length <= mostProblems) return problems
  // Errors first: a list cut short must not look harmless.
  const errors = problems.filter(({ severity }) => severity === 'error')
  const warnings = problems.filter(({ severity }) => severity === 'warning')
  const listed = [...errors, ...warnings].slice(0, mostProblems).sort(byPlace)
  return [...listed, countRest(problems, errors.length > 0 ? 'error' : 'warning')]
}

function toProblem(finding: Finding, locate: Locate): Problem {
  const { code, path, message, hint } = finding
  const { line, column } = finding.place ?? locate(path, finding.at)
  const { severity } = problemCodes[code]
  const problem = { line, column, severity, code, where: writeKeyPath(path), message }
  return hint === undefined ? problem : { ...problem, hint }
}

function countRest(problems: readonly Problem[], severity: Problem['severity']): Problem {
  const { line, column } = problems.at(-1) ?? { line: 1, column: 1 }
  const message = `and ${problems.length - mostProblems} more`
  return { line, column, severity, code: 'more-problems', where: '', message }
}

const byPlace = (one: Place, other: Place): number =>
  one.line - other.line || one.column - other.column
