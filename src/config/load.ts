/** The way of a rules file up to valid rules: read, parse, validate, cross-check. */
import { dirname } from 'node:path'
import { failed, ok, type Result } from '../base/result.ts'
import { buildRules } from './build-rules.ts'
import { crossCheck } from './cross-check.ts'
import { readDocument } from './document.ts'
import { readDraft } from './draft.ts'
import { explainIssues } from './explain-issues.ts'
import { toProblems } from './place-findings.ts'
import type { KeyPath, Place, Problem } from './problem.ts'
import { readRulesFile } from './read-file.ts'
import type { Rules } from './rules.ts'
import { rulesSchema } from './schema.ts'

/** Rules that can be used, and what the administrator should know all the same. */
export interface LoadedRules {
  readonly rules: Rules
  /** Problems of severity `warning`, in the order of the file. */
  readonly warnings: readonly Problem[]
  /** The place of the nearest thing that exists in the file, for problems that later steps find. */
  readonly locate: (where: KeyPath) => Place
}

/** Reads a rules file. The error holds every problem, warnings too, in the order of the file. */
export async function loadRules(path: string): Promise<Result<LoadedRules, Problem[]>> {
  const text = await readRulesFile(path)
  if (!text.ok) return failed(toProblems([text.error], startOfFile))
  return parseRules(text.value, path)
}

/** As `loadRules`, for text at hand; `path` says from where relative file names count. */
export function parseRules(text: string, path: string): Result<LoadedRules, Problem[]> {
  const document = readDocument(text.replace(/^\uFEFF/, ''))
  if (!document.ok) return failed(toProblems(document.error, startOfFile))

  const { raw, findings, locate } = document.value
  const validated = rulesSchema.safeParse(raw)
  const mistakes = validated.success ? [] : explainIssues(validated.error.issues, raw)
  const contradictions = crossCheck(readDraft(raw))
  const all = [...findings, ...mistakes, ...contradictions]

  const problems = toProblems(all, locate)
  if (!validated.success || problems.some(isError)) return failed(problems)
  return ok({ rules: buildRules(validated.data, dirname(path)), warnings: problems, locate })
}

const isError = ({ severity }: Problem): boolean => severity === 'error'

const startOfFile = (): Place => ({ line: 1, column: 1 })
