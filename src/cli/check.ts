/** `lyncgate check FILE`: says everything that is wrong with a rules file. */
import { type LoadedRules, loadRules } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { readFileCall } from './file-call.ts'
import { alignTable, type CommandIo, paint, printJson } from './output.ts'

export interface DeepFindings {
  readonly problems: readonly Problem[]
  /** Sentences about what the file brings about, without anything being wrong. */
  readonly notes: readonly string[]
}

/** Looks at what the file points to, such as certificates. */
export type DeepCheck = (loaded: LoadedRules) => Promise<DeepFindings>

export const checkUsage = 'usage: lyncgate check FILE [--json]\n'

/**
 * Runs the command. Resolves to its exit code: 0 the file can be used (warnings allowed),
 * 1 it cannot, 2 the call itself was wrong.
 */
export async function runCheck(
  args: readonly string[],
  io: CommandIo,
  deepChecks: readonly DeepCheck[] = [],
): Promise<number> {
  const call = readFileCall(args)
  if (typeof call === 'string') {
    io.stderr(`lyncgate check: ${call}\n${checkUsage}`)
    return 2
  }
  const { file, json } = call
  const { problems, notes } = await lookInto(file, deepChecks)
  const isUsable = problems.every(({ severity }) => severity !== 'error')
  if (json) printJson(io, { file, ok: isUsable, problems, ...(notes.length > 0 && { notes }) })
  else
    io.stdout(
      notes.map((note) => `${file}: ${note}\n`).join('') + formatProblems(file, problems, io),
    )
  return isUsable ? 0 : 1
}

/** The problems as people read them, a hint under its problem, and a line that sums up. */
export function formatProblems(file: string, problems: readonly Problem[], io: CommandIo): string {
  const rows = problems.flatMap((problem) => {
    const { line, column, severity, code, where, message, hint } = problem
    const style = severity === 'error' ? 'red' : 'yellow'
    const sentence = where === '' ? message : `${where}: ${message}`
    const row = [`${file}:${line}:${column}`, paint(io, style, severity), code, sentence]
    return hint === undefined ? [row] : [row, ['', '', '', paint(io, 'dim', `hint: ${hint}`)]]
  })
  return `${alignTable(rows)}${file}: ${summarize(problems, io)}\n`
}

async function lookInto(file: string, deepChecks: readonly DeepCheck[]): Promise<DeepFindings> {
  const loaded = await loadRules(file)
  if (!loaded.ok) return { problems: loaded.error, notes: [] }
  const deeper = await Promise.all(deepChecks.map((check) => check(loaded.value)))
  const problems = [...loaded.value.warnings, ...deeper.flatMap((each) => each.problems)].sort(
    (one, other) => one.line - other.line || one.column - other.column,
  )
  return { problems, notes: deeper.flatMap((each) => each.notes) }
}

function summarize(problems: readonly Problem[], io: CommandIo): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const counts = [countOf(errors, 'error'), countOf(warnings, 'warning')].filter(Boolean).join(', ')
  if (errors > 0) return paint(io, 'red', counts)
  return warnings > 0
    ? `${paint(io, 'green', 'can be used')}, ${counts}`
    : paint(io, 'green', 'fine')
}

function countOf(count: number, noun: string): string {
  if (count === 0) return ''
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}
