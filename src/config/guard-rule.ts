/** The sign-in guard as it is written, with every default filled in. */

/** How many sign-ins may fail. */
export interface GuardLimitRule {
  readonly failures: number
  readonly windowMs: number
  readonly blockMs: number
}

/** A Redis or Valkey server that replicas count in. Paths are absolute. */
export interface SharedCountsRule {
  readonly url: string
  readonly user: string | undefined
  readonly passwordFile: string | undefined
  /** Undefined: the roots of the system. */
  readonly caFile: string | undefined
  readonly secretFile: string
  readonly timeoutMs: number
}

/** What guards sign-ins. */
export interface SignInGuardRule {
  readonly mode: 'enforce' | 'observe' | 'off'
  readonly perUser: GuardLimitRule
  readonly perClient: GuardLimitRule
  readonly inspect: { readonly webTicket: boolean; readonly ucwa: boolean }
  readonly blurMs: number
  /** Networks in CIDR form, and names of accounts as written. */
  readonly allow: { readonly clients: readonly string[]; readonly users: readonly string[] }
  readonly shared: SharedCountsRule | undefined
  readonly logNames: boolean
}
