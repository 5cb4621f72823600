/**
 * The way of a new configuration into a running proxy: load, build, adopt. Whatever goes wrong on the way, the one in
 * force goes on. Runs on a signal, when a file changes, and when asked.
 */
import type { LoadedRules } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { writeKeyPath } from '../config/quote.ts'
import type { Logger } from '../observe/logger.ts'
import { ReloadMetrics } from '../observe/metrics/reload-metrics.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { ServerRegistry } from '../pools/server-registry.ts'
import { type Changes, countChanges } from './count-changes.ts'
import { type Digest, digestOf, isSameDigest } from './file-digest.ts'
import { defaultWatchTimes, FileWatch, type FileWatchTimes } from './file-watch.ts'
import { loadConfiguration } from './load-configuration.ts'
import type { Runtime } from './runtime.ts'
import type { OpenTrouble } from './traffic.ts'

/** Who wanted it. */
export type ReloadTrigger = 'signal' | 'file' | 'command' | 'acme'

/** How a reload ended. `revision` is the one in force now. */
export type ReloadOutcome =
  | { readonly kind: 'reloaded'; readonly revision: number; readonly changes: Changes }
  | { readonly kind: 'unchanged'; readonly revision: number }
  | { readonly kind: 'failed'; readonly revision: number; readonly problems: readonly Problem[] }
  /** The proxy ends: nothing new begins. */
  | { readonly kind: 'stopping'; readonly revision: number }

/** A reload that has ended. */
export interface LastReload {
  readonly at: Date
  readonly trigger: ReloadTrigger
  readonly outcome: ReloadOutcome
}

export interface ReloaderScope {
  /** The rules file. */
  readonly file: string
  readonly runtime: Runtime
  readonly registry: ServerRegistry
  readonly logger: Logger
  readonly now: () => Date
  readonly times?: FileWatchTimes
}

export class Reloader {
  readonly metrics: ReloadMetrics
  readonly #scope: ReloaderScope
  readonly #watch: FileWatch
  /** Of the configuration in force. */
  #inForce: Digest
  #running: Promise<ReloadOutcome> | undefined
  /** The one that follows the running one. Everybody who asks meanwhile gets this one. */
  #following: Promise<ReloadOutcome> | undefined
  #isStopped = false
  #last: LastReload | undefined

  private constructor(scope: ReloaderScope, inForce: Digest) {
    this.#scope = scope
    this.#inForce = inForce
    this.metrics = new ReloadMetrics(scope.now())
    this.#watch = new FileWatch(scope.times ?? defaultWatchTimes, () => void this.reload('file'))
  }

  /**
   * Begins to watch the files.
   * @param inForce of the files that the runtime was started from
   */
  static async start(scope: ReloaderScope, inForce: Digest): Promise<Reloader> {
    const reloader = new Reloader(scope, inForce)
    await reloader.#watch.follow(inForce)
    return reloader
  }

  /** One at a time; all who ask while one runs share the next one. Never rejects. */
  reload(trigger: ReloadTrigger): Promise<ReloadOutcome> {
    if (this.#following !== undefined) return this.#following
    if (this.#running === undefined) return this.#begin(trigger)
    this.#following = this.#running.then(() => {
      this.#following = undefined
      return this.#begin(trigger)
    })
    return this.#following
  }

  /** The one that ended last; undefined: there was none. */
  get last(): LastReload | undefined {
    return this.#last
  }

  /** Watches no more. A reload that runs is not adopted once the runtime stops. */
  stop(): void {
    this.#isStopped = true
    this.#watch.stop()
  }

  #begin(trigger: ReloadTrigger): Promise<ReloadOutcome> {
    const startedAtMs = monotonicNow()
    const running = this.#run(trigger)
      .catch((error: unknown) => {
        this.#scope.logger.error({ err: error, trigger, problems: 0 }, 'reload failed')
        return { kind: 'failed', revision: this.#revision, problems: [] } as const
      })
      .then((outcome) => {
        const durationMs = monotonicNow() - startedAtMs
        this.metrics.record({ trigger, outcome: outcome.kind, durationMs, now: this.#scope.now() })
        this.#last = { at: this.#scope.now(), trigger, outcome }
        return outcome
      })
      .finally(() => {
        this.#running = undefined
      })
    this.#running = running
    return running
  }

  get #revision(): number {
    return this.#scope.runtime.built.snapshot.revision
  }

  async #run(trigger: ReloadTrigger): Promise<ReloadOutcome> {
    const { file, runtime, registry, logger, now } = this.#scope
    const startedAtMs = monotonicNow()
    const revision = this.#revision
    if (this.#isStopped) return { kind: 'stopping', revision }
    if (isSameDigest(await digestOf(this.#inForce.keys()), this.#inForce)) {
      await this.#watch.follow(this.#inForce)
      logger.info({ trigger, revision }, 'reload: nothing has changed')
      return { kind: 'unchanged', revision }
    }

    const scope = { registry, revision: revision + 1, now: now() }
    const next = await loadConfiguration(file, scope)
    if (!next.ok) {
      await this.#watch.follow(next.error.digest)
      return this.#keepOld(trigger, next.error.problems)
    }
    const { loaded, built, digest, warnings } = next.value

    const before = runtime.built
    const adopted = await runtime.adopt(built)
    await this.#watch.follow(digest)
    if (!adopted.ok) {
      const { error } = adopted
      if (error !== 'stopping')
        return this.#keepOld(trigger, [...warnings, portProblem(error, loaded)])
      logger.info({ trigger, revision }, 'reload given up: stopping')
      return { kind: 'stopping', revision }
    }

    this.#inForce = digest
    const changes = countChanges(before, built)
    logProblems(logger, file, warnings)
    const ms = Math.round(monotonicNow() - startedAtMs)
    logger.info({ trigger, revision: built.snapshot.revision, changes, ms }, 'reloaded')
    return { kind: 'reloaded', revision: built.snapshot.revision, changes }
  }

  #keepOld(trigger: ReloadTrigger, problems: readonly Problem[]): ReloadOutcome {
    const { file, logger } = this.#scope
    logProblems(logger, file, problems)
    const revision = this.#revision
    logger.error({ trigger, revision, problems: problems.length }, 'reload failed')
    return { kind: 'failed', revision, problems }
  }
}

/** Problems of a file that are written to the log one by one; the count of all is in the line that follows. */
const MAX_LOGGED = 50

/** One warning per problem, with its place. */
export function logProblems(logger: Logger, file: string, problems: readonly Problem[]): void {
  for (const { message, severity, ...place } of problems.slice(0, MAX_LOGGED))
    logger.warn({ file, severity, ...place }, message)
}

function portProblem({ listener, message }: OpenTrouble, loaded: LoadedRules): Problem {
  const indexIn = (section: 'listeners' | 'streams'): number =>
    loaded.rules[section].findIndex(({ name }) => name === listener)
  const section = indexIn('listeners') < 0 ? 'streams' : 'listeners'
  const index = indexIn(section)
  // The health port has a listener of its own.
  const path = index < 0 ? [listener] : [section, index]
  return {
    ...loaded.locate(path),
    severity: 'error',
    code: 'port-unavailable',
    where: writeKeyPath(path),
    message,
  }
}
