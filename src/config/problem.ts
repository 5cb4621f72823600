/** A mistake in the publishing-rules file, with its place and what to do about it. */

/** One step into the document: a key of a map or the index of a list entry. */
export type KeyPath = readonly (string | number)[]

/** A place in the file. Lines and columns count from 1, as editors show them. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A mistake the administrator should know of; `error` keeps the file from being used. */
export interface Problem extends Place {
  readonly severity: 'error' | 'warning'
  /** Stable, kebab-case, for scripts: `unknown-key`, `wrong-type`, `missing-pool`, … */
  readonly code: string
  /** Where it is, as a person would write it: `pools.pool01.servers[1].weight`. */
  readonly where: string
  /** One sentence that names the offending value. */
  readonly message: string
  /** What to do, where there is something to say (`did you mean "listeners"?`). */
  readonly hint?: string
}
