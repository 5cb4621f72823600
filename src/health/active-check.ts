/**
 * Watches the servers of all pools. What is known stays with the servers (`ServerRegistry`), so that it outlives a
 * configuration; this object only asks, and says in the log what has changed.
 */
import type { Logger } from '../observe/logger.ts'
import { endEjection } from '../pools/ejection.ts'
import type { Pool } from '../pools/pool.ts'
import { isDraining, serverName } from '../pools/server.ts'
import {
  checkName,
  type HealthStatus,
  type ServerCheck,
  unknownHealth,
} from '../pools/server-check.ts'
import type { AskServer } from './check-server.ts'
import { CheckSlots } from './check-slots.ts'
import { ServerWatch, type Subject, type WatchScope } from './server-watch.ts'

export interface CheckEnvironment extends Pick<WatchScope, 'now' | 'chance' | 'after'> {
  readonly ask: AskServer
  readonly logger: Logger
  /** The health of a server has changed. */
  readonly onChange?: (check: ServerCheck) => void
}

/** Checks at the same time; a pool of Lync has at most 12 Front Ends. */
const MAX_AT_ONCE = 32

export class ActiveChecks {
  readonly #logger: Logger
  readonly #scope: WatchScope
  /** By the key of the check. */
  readonly #watches = new Map<string, ServerWatch>()
  #pools: readonly Pool[] = []
  /** The last line of each pool. */
  #said: ReadonlyMap<string, string> = new Map()
  /** Until then a check may keep the proxy from being ready; undefined: it is, for good. */
  #settlesAtMs: number | undefined

  constructor({ logger, onChange, ...environment }: CheckEnvironment) {
    this.#logger = logger
    this.#scope = {
      ...environment,
      slots: new CheckSlots(MAX_AT_ONCE),
      onChange: (watch, before) => {
        this.#onChange(watch, before)
        onChange?.(watch.subject.check)
      },
    }
  }

  /**
   * Watches these pools from now on, and no others. Checks that go on as they were are not interrupted. To be called
   * again with the pools of each configuration that is adopted.
   */
  watch(pools: readonly Pool[]): void {
    const subjects = subjectsOf(pools)
    for (const [key, watch] of this.#watches) {
      if (subjects.has(key)) continue
      watch.stop()
      this.#watches.delete(key)
      // Should it come back one day, what was known of it is out of date.
      Object.assign(watch.subject.check.health, unknownHealth())
    }
    const isFirst = this.#pools.length === 0
    this.#pools = pools
    let longestMs = 0
    for (const [key, subject] of subjects) {
      longestMs = Math.max(longestMs, subject.check.timing.timeoutMs)
      const watch = this.#watches.get(key)
      if (watch) watch.adopt(subject)
      else this.#watches.set(key, new ServerWatch(subject, this.#scope))
    }
    if (isFirst) this.#settlesAtMs = this.#scope.now() + longestMs
    this.#logPools(pools)
  }

  /** Every check of the first configuration has had its first result, or the time for one is over. */
  get isSettled(): boolean {
    if (this.#settlesAtMs === undefined) return true
    const hasAll = [...this.#watches.values()].every(
      ({ subject }) => subject.check.health.status !== 'unknown',
    )
    if (!hasAll && this.#scope.now() < this.#settlesAtMs) return false
    this.#settlesAtMs = undefined
    return true
  }

  /** Ends every check and every wait. */
  stop(): void {
    this.#scope.slots.clear()
    for (const watch of this.#watches.values()) watch.stop()
    this.#watches.clear()
  }

  /** A pool that is watched as before needs no line after a reload. */
  #logPools(pools: readonly Pool[]): void {
    const said = new Map<string, string>()
    for (const pool of pools) {
      const line = poolLine(pool)
      const text = JSON.stringify(line)
      said.set(pool.name, text)
      if (text !== this.#said.get(pool.name)) this.#logger.info({ ...line }, 'pool is watched')
    }
    this.#said = said
  }

  #onChange({ subject }: ServerWatch, before: HealthStatus): void {
    const { key, target, health } = subject.check
    const pools = this.#pools.filter((pool) => pool.servers.some(({ check }) => check?.key === key))
    const isHealthy = health.status === 'healthy'
    for (const pool of pools) {
      const where = {
        pool: pool.name,
        server: serverName(subject.server),
        check: checkName(target),
      }
      if (isHealthy) this.#logger.info({ ...where, before }, 'server is healthy')
      else this.#logger.warn({ ...where, before, reason: health.reason }, 'server is unhealthy')
      if (isHealthy && before === 'unhealthy') endEjections(pool, key)
      if (!isHealthy && hasNoHealthy(pool))
        this.#logger.error(
          { pool: pool.name, lastResort: pool.lastResort },
          'pool has no healthy server',
        )
    }
  }
}

/** What is asked of the servers of a pool, how often, and which of them drain. */
function poolLine({ name, servers, lastResort }: Pool) {
  const [first] = servers
  const check = first?.check ? checkName(first.check.target) : 'none'
  const drain = servers.filter(isDraining).map(serverName)
  return { pool: name, check, ...first?.check?.timing, lastResort, drain }
}

/** What traffic met before the server was healthy again counts no more. */
function endEjections(pool: Pool, key: string): void {
  for (const { check, facts } of pool.servers) if (check?.key === key) endEjection(facts.ejection)
}

const hasNoHealthy = ({ servers }: Pool): boolean =>
  servers.every((server) => isDraining(server) || server.check?.health.status === 'unhealthy')

/** One subject for all servers with the same check. */
function subjectsOf(pools: readonly Pool[]): ReadonlyMap<string, Subject> {
  const subjects = new Map<string, Subject>()
  for (const server of pools.flatMap(({ servers }) => servers)) {
    if (server.check) subjects.set(server.check.key, { server, check: server.check })
  }
  return subjects
}
