/** A publishing rule, compiled: what the steps of an exchange ask of it. */
import type { PublishKind, TlsProfile } from '../config/rules.ts'
import type { PathPolicy } from '../policy/path-policy.ts'
import type { Pool } from '../pools/pool.ts'

export interface Route {
  /** The rule's name, for the log. */
  readonly rule: string
  readonly kind: PublishKind
  readonly pool: Pool
  readonly policy: PathPolicy
  readonly http: 'forward' | 'redirect' | 'refuse'
  readonly https: 'serve' | 'refuse'
  /** The least profile that carries its requests; undefined: any. */
  readonly tlsProfile: TlsProfile | undefined
  /** What desk phones need is open over plain HTTP, whatever `http` says. */
  readonly phones: boolean
  readonly guestJoin: boolean
  readonly hideServerFields: boolean
}
