/** What a preflight says: one finding per thing tested, the same for every family of checks. */
import { visible } from './visible.ts'

/** `skip`: could not or need not be tested; `warn` does not fail the preflight. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'skip'

/** Whom a finding concerns. */
export type System =
  | 'Lync'
  | 'Skype for Business'
  | 'XPhone Connect'
  | 'Teams'
  | 'LCS'
  | 'Communicator'
  | 'Communicator Web Access'
  | 'desktop clients'
  | 'mobile clients'
  | 'browsers'
  | 'desk phones'
  | 'Outlook'

export interface Finding {
  readonly verdict: Verdict
  /** Stable id of the check, kebab-case: `certificate-client-auth`. */
  readonly check: string
  /** What was tested: a record, a name, an address with port. */
  readonly subject: string
  readonly seen: string
  readonly concerns: readonly System[]
  /** What it means for those. Absent where all is well. */
  readonly means?: string
  /** What to do about it. */
  readonly advice?: string
}

/** A finding without what is the same for a whole group: the subject, and mostly the systems. */
export type Judgement = Pick<Finding, 'verdict' | 'check' | 'seen' | 'means' | 'advice'> &
  Partial<Pick<Finding, 'concerns'>>

/** A finding whose texts are safe to show, wherever they came from. */
export function finding(found: Finding): Finding {
  const { verdict, check, concerns, means, advice } = found
  return {
    verdict,
    check,
    subject: visible(found.subject, 160),
    seen: visible(found.seen),
    concerns,
    ...(means === undefined ? {} : { means: visible(means, 800) }),
    ...(advice === undefined ? {} : { advice: visible(advice, 800) }),
  }
}

export interface Counts {
  readonly pass: number
  readonly warn: number
  readonly fail: number
  readonly skip: number
}

/** How many findings there are of each verdict. */
export function countVerdicts(findings: readonly Finding[]): Counts {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0 }
  for (const { verdict } of findings) counts[verdict] += 1
  return counts
}
