/** The way of a configuration up to the point where it could be adopted: read, build. Changes nothing. */
import { failed, ok, type Result } from '../base/result.ts'
import { type LoadedRules, loadRules } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { type BuildScope, type Built, buildSnapshot } from './build-snapshot.ts'
import { type Digest, digestOf, filesOf } from './file-digest.ts'

/** A configuration that could be adopted, and what it was made from. */
export interface LoadedConfiguration {
  readonly loaded: LoadedRules
  readonly built: Built
  /** Of every file it was made from, the rules file first. Taken before reading: what changes later is news. */
  readonly digest: Digest
  /** Warnings in the order of the file. */
  readonly warnings: readonly Problem[]
}

export interface LoadFailure {
  readonly problems: readonly Problem[]
  /** As far as the files are known: a change of one of them may mend it. */
  readonly digest: Digest
}

export async function loadConfiguration(
  file: string,
  scope: BuildScope,
): Promise<Result<LoadedConfiguration, LoadFailure>> {
  const own = await digestOf([file])
  const loaded = await loadRules(file)
  if (!loaded.ok) return failed({ problems: loaded.error, digest: own })
  const digest: Digest = new Map([...own, ...(await digestOf(filesOf(loaded.value.rules)))])
  const built = await buildSnapshot(loaded.value, scope)
  if (!built.ok) {
    return failed({ problems: inOrder([...loaded.value.warnings, ...built.error]), digest })
  }
  const warnings = inOrder([...loaded.value.warnings, ...built.value.warnings])
  return ok({ loaded: loaded.value, built: built.value, digest, warnings })
}

const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  [...problems].sort((one, other) => one.line - other.line || one.column - other.column)
