/** The running proxy: one reference to the configuration in force, the ports that are open, and an end in good order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { failed, ok, type Result } from '../base/result.ts'
import type { Rules } from '../config/rules.ts'
import { ConnectionLimits } from '../guard/connection-limits.ts'
import type { ActiveChecks } from '../health/active-check.ts'
import { createAccessLog } from '../observe/access-log.ts'
import type { Logger } from '../observe/logger.ts'
import type { ClientConnection } from '../pipeline/client-connection.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { RequestScope } from '../pipeline/handle-request.ts'
import type { Built } from './build-snapshot.ts'
import type { Entrance } from './entrance.ts'
import { type InForce, type Opened, type OpenTrouble, openEntrances } from './open-entrances.ts'
import { startActiveChecks } from './start-active-checks.ts'
import { wantedPorts } from './wanted-ports.ts'

export interface OpenPorts {
  readonly name: string
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
}

/** A configuration in force, with everything that is open for it. Exchanged as a whole. */
interface Configuration extends InForce {
  readonly built: Built
  readonly scope: RequestScope
}

/** Why a configuration was not adopted; `stopping`: the proxy ends, and nothing new begins. */
export type AdoptTrouble = OpenTrouble | 'stopping'

export class Runtime {
  /** The one reference. Everything that a request or a handshake asks for comes from here. */
  #current: Configuration
  readonly #limits: ConnectionLimits
  readonly #logger: Logger
  /** Those of older configurations too, as long as they have connections. */
  readonly #entrances = new Set<Entrance>()
  #checks: ActiveChecks | undefined
  #isReady = false
  #stopping: Promise<void> | undefined
  /** Aborted by `kill`, so that a stop in progress does not go on waiting. */
  readonly #killed = new AbortController()

  private constructor(built: Built, logger: Logger) {
    this.#logger = logger
    this.#limits = new ConnectionLimits(built.rules.limits)
    const nothing: InForce = { ports: new Map(), entrances: new Map(), health: undefined }
    this.#current = this.#configuration(built, nothing)
  }

  /** Opens every port of the file, or none: a port that is taken closes the others again. */
  static async start(built: Built, logger: Logger): Promise<Result<Runtime, OpenTrouble>> {
    const runtime = new Runtime(built, logger)
    const adopted = await runtime.adopt(built)
    if (adopted.ok) return ok(runtime)
    if (adopted.error === 'stopping') throw new Error('stopped before it was started')
    return failed(adopted.error)
  }

  /** The configuration in force. */
  get built(): Built {
    return this.#current.built
  }

  get rules(): Rules {
    return this.#current.built.rules
  }

  /** The ports that are open, for logs and tests (a port 0 in the file becomes a real one). */
  get ports(): readonly OpenPorts[] {
    const { ports } = this.#current
    return this.rules.listeners.map((rule) => {
      const own = wantedPorts([rule])
      const numberOf = (isTls: boolean): number | undefined => {
        const key = own.find((port) => port.isTls === isTls)?.key
        return key === undefined ? undefined : ports.get(key)?.port
      }
      return { name: rule.name, httpPort: numberOf(false), httpsPort: numberOf(true) }
    })
  }

  get healthPort(): number | undefined {
    return this.#current.health?.server.port
  }

  get openConnections(): number {
    return this.#limits.open
  }

  /** Puts a configuration in force, or changes nothing at all. One call at a time. */
  async adopt(built: Built): Promise<Result<void, AdoptTrouble>> {
    // 1. All that can fail: what the ports lead to, and the ports that are new.
    const opened = await openEntrances(built, this.#current, {
      logger: this.#logger,
      limits: this.#limits,
      scope: () => this.#current.scope,
      isReady: () => this.#isReady && this.#checks?.isSettled === true,
    })
    if (!opened.ok) return opened
    if (this.#stopping || this.#killed.signal.aborted) {
      await opened.value.discard()
      return failed('stopping')
    }

    // 2. One assignment. From here to the end of the function nothing waits: no event comes in between.
    const before = this.#current
    this.#current = this.#configuration(built, opened.value)
    built.servers.adopt()
    this.#limits.adopt(built.rules.limits)
    if (before.built.rules.log.level !== built.rules.log.level)
      this.#logger.level = built.rules.log.level
    this.#begin(opened.value)

    // 3. Nothing more on ports that are gone.
    for (const key of opened.value.closedKeys) before.ports.get(key)?.close()

    // 4. Checks of servers that are new begin, those of servers that are gone end, the others go on.
    const pools = [...built.pools.values()]
    if (this.#checks) this.#checks.watch(pools)
    else this.#checks = startActiveChecks(pools, this.#logger)

    // 5. Release what was only the old one's. Running exchanges hold what they need.
    this.#release(before)
    this.#isReady = true
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
    for (const port of this.#current.ports.values()) port.close()
    for (const connection of this.#connections()) {
      connection.stop()
      connection.socket.destroy()
    }
    await this.#current.health?.server.close()
  }

  #configuration(built: Built, { ports, entrances, health }: InForce): Configuration {
    const scope: RequestScope = {
      snapshot: built.snapshot,
      accessLog: createAccessLog(this.#logger, built.rules.log.access),
      logger: this.#logger,
    }
    return { built, scope, ports, entrances, health }
  }

  #begin({ newPorts, entrances }: Opened): void {
    for (const entrance of entrances.values()) this.#entrances.add(entrance)
    for (const [key, port] of newPorts) {
      port.begin((socket) => {
        const entrance = this.#current.entrances.get(key)
        if (entrance) entrance.take(socket)
        else socket.destroy()
      })
    }
  }

  #release(before: Configuration): void {
    const { entrances, health } = this.#current
    for (const [key, entrance] of before.entrances) {
      if (entrances.get(key) === entrance) continue
      void entrance.retire().then(() => this.#entrances.delete(entrance))
    }
    const places = new Set([...entrances.values()].map(({ place }) => place))
    for (const { place, handler } of this.#entrances) if (!places.has(place)) handler.leave()
    for (const { backends } of this.#connections()) backends.leaveRetired()
    if (before.health !== health) void before.health?.server.close()
  }

  #connections(): ClientConnection[] {
    return [...this.#entrances].flatMap(({ handler }) => [...handler.connections])
  }

  async #stop({ unreadyMs, drainMs }: { unreadyMs: number; drainMs: number }): Promise<void> {
    this.#isReady = false
    if (unreadyMs > 0) await this.#sleep(unreadyMs)
    for (const port of this.#current.ports.values()) port.close()
    for (const { handler } of this.#entrances) handler.leave()
    if (!(await this.#emptied(drainMs))) {
      this.#logger.warn(
        { connections: this.openConnections },
        'drain time is over: cutting what is left',
      )
      for (const connection of this.#connections()) connection.stop()
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

const DRAIN_LOOK_MS = 100

/** What is left after the drain time gets an answer of ours where one is possible, and this long to read it. */
const LAST_WORD_MS = 1_000
