/** The active check of a server: what is asked, and what is known from it. `health/` does the asking. */
import type { PoolHealthRule } from '../config/rules.ts'

export type HealthStatus = 'unknown' | 'healthy' | 'unhealthy'

/** What checks have said so far. Kept by the registry, so that a reload does not forget it. */
export interface ServerHealth {
  status: HealthStatus
  /** Results in a row that contradict `status`. */
  contrary: number
  /** Why the last result was bad; undefined: it was good, or there is none. */
  reason: string | undefined
  /** When it became healthy again, monotonic milliseconds: it is eased in from then on. */
  returnedAtMs: number
}

export const unknownHealth = (): ServerHealth => ({
  status: 'unknown',
  contrary: 0,
  reason: undefined,
  returnedAtMs: Number.NEGATIVE_INFINITY,
})

/** What is asked. */
export type CheckTarget =
  | {
      readonly kind: 'web'
      readonly host: string
      readonly path: string
      readonly status: number
      readonly body: string | undefined
    }
  | { readonly kind: 'tcp'; readonly port: number }

/** Frozen; only `health` changes. */
export interface ServerCheck {
  /** Servers with one key get one check: the same address is asked the same thing. */
  readonly key: string
  readonly target: CheckTarget
  readonly timing: Pick<PoolHealthRule, 'intervalMs' | 'timeoutMs' | 'rise' | 'fall'>
  readonly health: ServerHealth
}

/** `web`, `tcp:5061`, `/abs`: for logs. */
export const checkName = (target: CheckTarget): string =>
  target.kind === 'tcp' ? `tcp:${target.port}` : `GET https://${target.host}${target.path}`
