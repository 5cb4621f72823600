/** A publishing rule, compiled. */
import type { Pool } from '../pools/pool.ts'

export interface Route {
  /** The rule's name, for the log. */
  readonly rule: string
  readonly pool: Pool
  readonly http: 'forward' | 'redirect' | 'refuse'
  readonly https: 'serve' | 'refuse'
}
