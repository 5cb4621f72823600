/** Starts the active checks with the clock, the chance and the timers of the real world. */
import { ActiveChecks } from '../health/active-check.ts'
import { askServer } from '../health/check-server.ts'
import type { Logger } from '../observe/logger.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { Pool } from '../pools/pool.ts'
import type { ServerCheck } from '../pools/server-check.ts'

/** Runs `act` once after a while; returns how to call that off. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms)
  return () => clearTimeout(timer)
}

/** `watch` takes the pools of a later configuration, `stop` ends every check. */
export function startActiveChecks(
  pools: readonly Pool[],
  logger: Logger,
  onChange: (check: ServerCheck) => void,
): ActiveChecks {
  const checks = new ActiveChecks({
    logger,
    onChange,
    ask: askServer,
    now: monotonicNow,
    chance: Math.random,
    after,
  })
  checks.watch(pools)
  return checks
}
