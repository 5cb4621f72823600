/** From results of checks to healthy or not. Pure: time and chance come in as arguments. */
import type { HealthStatus } from '../pools/server-check.ts'

export interface HealthState {
  readonly status: HealthStatus
  /** Results in a row that contradict the status. */
  readonly contrary: number
}

export interface Thresholds {
  /** Good results in a row until an unhealthy server is healthy again. */
  readonly rise: number
  /** Bad results in a row until a healthy server is unhealthy. */
  readonly fall: number
}

/** The state after one more result. The first one counts at once: nothing is known that it could contradict. */
export function nextHealth(state: HealthState, isGood: boolean, limits: Thresholds): HealthState {
  const { status } = state
  const said = isGood ? 'healthy' : 'unhealthy'
  if (status === 'unknown') return { status: said, contrary: 0 }
  if (said === status) return { status, contrary: 0 }
  const contrary = state.contrary + 1
  const limit = isGood ? limits.rise : limits.fall
  return contrary >= limit ? { status: said, contrary: 0 } : { status, contrary }
}

const JITTER = 0.1

/**
 * How long after its last check a server is asked again: the interval counts from start to start, give or take a tenth,
 * so that many proxies and many servers fall out of step. A check that took longer than that is followed at once.
 * @param chance 0 to 1
 */
export function nextDelayMs(intervalMs: number, tookMs: number, chance: number): number {
  const stretched = intervalMs * (1 - JITTER + 2 * JITTER * chance)
  return Math.max(0, Math.round(stretched - tookMs))
}
