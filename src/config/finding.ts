/** A problem that does not know its line yet: the checks look at values, the document at lines. */
import type { KeyPath, Place } from './problem.ts'
import type { ProblemCode } from './problem-codes.ts'

export interface Finding {
  readonly code: ProblemCode
  /** The offending value, or the key that is missing. */
  readonly path: KeyPath
  /** `key` points at the key instead of its value, where the key is the mistake. */
  readonly at?: 'key' | 'value'
  /** Set where the path does not lead to the place, as with the second of two equal keys. */
  readonly place?: Place
  /** One sentence that names the offending value. */
  readonly message: string
  /** A function where it costs something to find: only the hints of listed problems are asked for. */
  readonly hint?: string | (() => string | undefined) | undefined
}
