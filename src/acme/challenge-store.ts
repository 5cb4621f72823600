/**
 * What authorities may ask for at this moment (HTTP-01, RFC 8555 8.3). Plain data with changes that can be sent to other
 * processes: each of them answers from a store of its own.
 */

export interface Challenge {
  /** Lower case, without port. */
  readonly host: string
  readonly token: string
  /** The answer. */
  readonly keyAuthorization: string
}

export type ChallengeChange =
  | { readonly kind: 'set'; readonly challenge: Challenge }
  | { readonly kind: 'delete'; readonly token: string }

/** Far more than are in progress at a time; when a store is full, the oldest one goes. */
const MAX_CHALLENGES = 256

/** base64url (RFC 8555 8.3), and not longer than a file name. */
export const tokenPattern = /^[A-Za-z0-9_-]{1,200}$/

const PATH = '/.well-known/acme-challenge/'

export class ChallengeStore {
  readonly #byToken = new Map<string, Challenge>()
  /** Hears of each change that is one. */
  onChange: (change: ChallengeChange) => void = () => {}

  set(challenge: Challenge): void {
    const known = this.#byToken.get(challenge.token)
    if (known?.host === challenge.host && known.keyAuthorization === challenge.keyAuthorization)
      return
    const [oldest] = this.#byToken.keys()
    if (oldest !== undefined && this.#byToken.size >= MAX_CHALLENGES) this.delete(oldest)
    this.#byToken.set(challenge.token, challenge)
    this.onChange({ kind: 'set', challenge })
  }

  delete(token: string): void {
    if (this.#byToken.delete(token)) this.onChange({ kind: 'delete', token })
  }

  /** What another store has said. */
  apply(change: ChallengeChange): void {
    if (change.kind === 'set') this.set(change.challenge)
    else this.delete(change.token)
  }

  /** For a store that starts later. */
  list(): readonly Challenge[] {
    return [...this.#byToken.values()]
  }

  /**
   * The answer to a request for this target on this host; undefined: nobody here waits for one.
   * @param host lower case, without port
   * @param target origin-form, as received
   */
  answerTo(host: string, target: string): string | undefined {
    if (this.#byToken.size === 0 || !target.startsWith(PATH)) return undefined
    const challenge = this.#byToken.get(target.slice(PATH.length))
    return challenge?.host === host ? challenge.keyAuthorization : undefined
  }
}
