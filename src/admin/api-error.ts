/** Every way in which the admin address says no. docs/admin-api.md has what each means; a test compares. */

/** Code and status. Codes are stable, scripts rely on them. */
export const apiErrors = {
  'bad-request': 400,
  'no-token': 401,
  'wrong-token': 401,
  'actions-off': 403,
  'foreign-origin': 403,
  'not-found': 404,
  'unknown-pool': 404,
  'unknown-server': 404,
  'unknown-trace': 404,
  'method-not-allowed': 405,
  'ambiguous-server': 409,
  'drained-by-file': 409,
  'reload-failed': 409,
  'too-many-traces': 409,
  'body-too-large': 413,
  'foreign-host': 421,
  'too-many-tries': 429,
  'too-many-listeners': 503,
  stopping: 503,
  fault: 500,
} as const satisfies Record<string, number>

export type ApiErrorCode = keyof typeof apiErrors

export interface ApiError {
  readonly code: ApiErrorCode
  readonly message: string
  /** What to do. */
  readonly hint: string
}

/** The body of every answer that says no. */
export interface ErrorBody {
  readonly error: ApiError
}
