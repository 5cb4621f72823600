/** Runs a family of checks: the one way in for every kind of preflight. */
import { countVerdicts, type Finding } from './finding.ts'
import type { Surroundings } from './surroundings.ts'

/** A group of findings under one heading; its name is shown while it runs. */
export interface Step {
  readonly name: string
  readonly run: (surroundings: Surroundings) => Promise<readonly Finding[]>
}

/** A family of checks for one target, in a file of its own. */
export interface Family {
  /** `federation of contoso.com` */
  readonly title: string
  readonly steps: readonly Step[]
}

export interface Report {
  readonly title: string
  readonly findings: readonly Finding[]
  /** False when at least one finding fails. */
  readonly isGood: boolean
}

/** Runs the steps one after the other. @param progress hears the name of each step before it runs */
export async function runPreflight(
  family: Family,
  surroundings: Surroundings,
  progress: (step: string) => void,
): Promise<Report> {
  const findings: Finding[] = []
  for (const { name, run } of family.steps) {
    progress(name)
    findings.push(...(await run(surroundings)))
  }
  return { title: family.title, findings, isGood: countVerdicts(findings).fail === 0 }
}
