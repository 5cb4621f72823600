/** The running proxy: which configuration is in force, who serves it, and an end in good order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { failed, ok, type Result } from '../base/result.ts'
import type { Stapling } from '../certificates/ocsp/stapling.ts'
import { type ExpiryWatch, watchExpiry } from '../certificates/watch-expiry.ts'
import type { Rules } from '../config/rules.ts'
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import type { ActiveChecks } from '../health/active-check.ts'
import { adoptLogRule, type Logger } from '../observe/logger.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { Pool } from '../pools/pool.ts'
import type { Server } from '../pools/server.ts'
import type { ServerCheck } from '../pools/server-check.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import type { EndTrace, TraceSink } from '../trace/traces.ts'
import type { Assembled } from './assemble.ts'
import { DrainWatch } from './drain-watch.ts'
import { healthPort } from './health-server.ts'
import { LocalTraffic } from './local-traffic.ts'
import { type OwnPortKind, OwnPorts } from './own-ports.ts'
import { after, startActiveChecks } from './start-active-checks.ts'
import { startStapling } from './start-stapling.ts'
import type { OpenPorts, OpenTrouble, Traffic } from './traffic.ts'

/** Why a configuration was not adopted; `stopping`: the proxy ends, and nothing new begins. */
export type AdoptTrouble = OpenTrouble | 'stopping'

export interface RuntimeParts {
  /** Who serves the ports; left out: this process. */
  readonly traffic?: Traffic
  /** Left out: there is no port for administrators, whatever the file says. */
  readonly adminPort?: (runtime: Runtime) => OwnPortKind
}

export class Runtime {
  readonly traffic: Traffic
  /** Called after a configuration has come into force. */
  onAdopted: (built: Assembled) => void = () => {}
  /** The configuration in force. */
  #built: Assembled
  readonly #logger: Logger
  readonly #ownPorts: OwnPorts
  readonly #drains: DrainWatch
  #checks: ActiveChecks | undefined
  readonly #expiry: ExpiryWatch
  readonly #stapling: Stapling
  #isReady = false
  #stopping: Promise<void> | undefined
  /** Aborted by `kill`, so that a stop in progress does not go on waiting. */
  readonly #killed = new AbortController()

  private constructor(built: Assembled, logger: Logger, { traffic, adminPort }: RuntimeParts) {
    this.#built = built
    this.#logger = logger
    this.traffic = traffic ?? new LocalTraffic(logger)
    const now = (): Date => new Date()
    this.#expiry = watchExpiry({ logger, now })
    this.#stapling = startStapling(logger, now, (staples) => this.traffic.staple(staples))
    const kinds = [healthPort(() => this.isReady), ...(adminPort ? [adminPort(this)] : [])]
    this.#ownPorts = new OwnPorts(kinds)
    const pools = (): Iterable<Pool> => this.#built.pools.values()
    this.#drains = new DrainWatch({
      logger,
      pools,
      isVacant: (place) => this.#built.registry.isVacant(place),
      after,
    })
  }

  /** Opens every port of the file, or none: a port that is taken closes the others again. */
  static async start(
    built: Assembled,
    logger: Logger,
    parts: RuntimeParts = {},
  ): Promise<Result<Runtime, OpenTrouble>> {
    const runtime = new Runtime(built, logger, parts)
    const adopted = await runtime.adopt(built)
    if (adopted.ok) return ok(runtime)
    await runtime.kill()
    if (adopted.error === 'stopping') throw new Error('stopped before it was started')
    return failed(adopted.error)
  }

  /** The configuration in force. */
  get built(): Assembled {
    return this.#built
  }

  get rules(): Rules {
    return this.#built.rules
  }

  /** The ports that are open, for logs and tests (a port 0 in the file becomes a real one). */
  get ports(): readonly OpenPorts[] {
    return this.traffic.ports
  }

  get healthPort(): number | undefined {
    return this.#ownPorts.portOf('health')
  }

  get adminPort(): number | undefined {
    return this.#ownPorts.portOf('admin')
  }

  get openConnections(): number {
    return this.traffic.openConnections
  }

  /** What `/readyz` says: send clients here. */
  get isReady(): boolean {
    return this.#isReady && this.#checks?.isSettled === true && this.traffic.isServing
  }

  get #isEnding(): boolean {
    return this.#stopping !== undefined || this.#killed.signal.aborted
  }

  /** For `renderMetrics`: what serves, and what only this process does. */
  async collectMetrics(): Promise<readonly (readonly MetricJson[])[]> {
    return [...(await this.traffic.collectMetrics()), this.#stapling.collect()]
  }

  /**
   * Drains a server by command, or takes that back. Holds over reloads as long as a configuration has the server.
   * @param place `pool01/fe01.contoso.local:4443`
   */
  drain(place: string, isDrained: boolean): void {
    this.#built.registry.drain(place, isDrained)
    this.traffic.drain(place, isDrained)
    this.#drains.look()
  }

  /** Resolves when the trace has begun everywhere. */
  trace(request: TraceRequest, sink: TraceSink): Promise<EndTrace> {
    return this.traffic.trace(request, sink)
  }

  /** Who may sign in, and who is blocked. */
  get desk(): SignInDesk {
    return this.traffic.desk
  }

  /** It drains, and nobody is served by it or signed in there. */
  isEmpty(server: Server): boolean {
    return this.#drains.isEmpty(server)
  }

  /** Puts a configuration in force, or changes nothing at all. One call at a time. */
  async adopt(next: Assembled): Promise<Result<void, AdoptTrouble>> {
    // 1. All that can fail: what the ports lead to, and the ports that are new.
    const own = await this.#ownPorts.prepare(next.rules)
    if (!own.ok) return own
    const prepared = await this.traffic.prepare(next)
    if (!prepared.ok || this.#isEnding) {
      await own.value.discard()
      if (prepared.ok) await prepared.value.discard()
      return prepared.ok || this.#isEnding ? failed('stopping') : prepared
    }

    // 2. In force.
    await prepared.value.commit()
    if (this.#killed.signal.aborted) {
      await own.value.discard()
      return failed('stopping')
    }
    adoptLogRule(this.#logger, next.rules.log)
    this.#built = next
    next.servers.adopt()
    own.value.commit()

    // 3. Checks of servers that are new begin, those of servers that are gone end, the others go on.
    const pools = [...next.pools.values()]
    if (this.#checks) this.#checks.watch(pools)
    else this.#checks = startActiveChecks(pools, this.#logger, this.#onHealth)
    this.#expiry.watch(next.certificates)
    this.#drains.look()
    this.#stapling.watch(next.rules.ocspStapling === 'on' ? next.certificates : [])
    this.#isReady = !this.#isEnding
    this.onAdopted(next)
    return ok(undefined)
  }

  /**
   * Ends in good order: readiness first, so that a load balancer looks elsewhere; then no new connections; running
   * exchanges go on until the drain time is over. `kill` cuts it short.
   */
  stop(times: { readonly unreadyMs: number; readonly drainMs: number }): Promise<void> {
    this.#stopping ??= this.#stop(times)
    return this.#stopping
  }

  /** Ends everything now. */
  async kill(): Promise<void> {
    this.#killed.abort()
    this.#checks?.stop()
    this.#expiry.stop()
    this.#drains.stop()
    this.#stapling.stop()
    await this.traffic.kill()
    await this.#ownPorts.close()
  }

  readonly #onHealth = (check: ServerCheck): void => this.traffic.noteHealth(check)

  async #stop({ unreadyMs, drainMs }: { unreadyMs: number; drainMs: number }): Promise<void> {
    this.#isReady = false
    if (unreadyMs > 0) await this.#sleep(unreadyMs)
    await Promise.race([this.traffic.leave(), this.#sleep(LEAVE_MS)])
    if (!(await this.#emptied(drainMs))) {
      this.#logger.warn(
        { connections: this.openConnections },
        'drain time is over: cutting what is left',
      )
      this.traffic.cut()
      await this.#emptied(LAST_WORD_MS)
    }
    await this.kill()
  }

  /** Waits until the last connection has gone, at most `waitMs`. */
  async #emptied(waitMs: number): Promise<boolean> {
    const deadline = monotonicNow() + waitMs
    while (this.openConnections > 0 && monotonicNow() < deadline && !this.#killed.signal.aborted)
      await this.#sleep(DRAIN_LOOK_MS)
    return this.openConnections === 0
  }

  /** Ends early when the proxy is killed. */
  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#killed.signal }).catch(() => {})
  }
}

/** Processes that serve say within this time that they have left; one that hangs is not waited for. */
const LEAVE_MS = 1_000

const DRAIN_LOOK_MS = 100

/** What is left after the drain time gets an answer of ours where one is possible, and this long to read it. */
const LAST_WORD_MS = 1_000
