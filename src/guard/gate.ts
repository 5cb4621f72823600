/** What a request that tries a password is asked through, wherever the counts are kept: here, or in another process. */

/** A try of a password, before it is passed on. */
export interface Attempt {
  /** Keys of accounts; empty: of nobody that could be named. */
  readonly users: readonly string[]
  /** The one that a success counts for. */
  readonly creditee: string | undefined
  readonly clientAddress: string
}

export type Verdict =
  | { readonly kind: 'pass'; readonly ticket: number }
  /** Too many failed for this user. It is not passed on, and answered as a wrong password is. */
  | { readonly kind: 'blocked' }
  /** Too many failed from this client. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }

/**
 * `unknown`: the server did not say, and cannot have been kept from saying it by the client.
 */
export type SignInOutcome = 'succeeded' | 'failed' | 'unknown'

export interface SignInGate {
  /**
   * Asks for leave to try. The answer comes once, at once or later: while other tries of the same user are under way, it
   * waits for what becomes of them.
   * @returns the way to give up waiting; after the answer it does nothing
   */
  enter(attempt: Attempt, answer: (verdict: Verdict) => void): () => void
  /** What became of a try that was passed on. Once for each ticket. */
  settle(ticket: number, outcome: SignInOutcome): void
}
