/** Serves the ports in this process: one reference to the configuration in force, and every connection there is. */
import type { Socket } from 'node:net'
import { hostname } from 'node:os'
import { ChallengeStore } from '../acme/challenge-store.ts'
import { ok, type Result } from '../base/result.ts'
import { unmapped } from '../base/unmapped.ts'
import { type Staple, Staples } from '../certificates/ocsp/staple.ts'
import type { EjectionEvent } from '../forward/passive-check.ts'
import { ConnectionLimits } from '../guard/connection-limits.ts'
import { Crowd } from '../guard/crowd.ts'
import type { SignInGate } from '../guard/gate.ts'
import { mostConnections } from '../guard/most-connections.ts'
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import { createSignInGuard, type SignInGuard } from '../guard/sign-in-guard.ts'
import { type AccessLog, createAccessLog } from '../observe/access-log.ts'
import type { Logger } from '../observe/logger.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import { openFileLimit } from '../observe/metrics/open-files.ts'
import { TrafficMetrics } from '../observe/metrics/traffic-metrics.ts'
import { productVersion } from '../observe/product-version.ts'
import { RecentExchanges } from '../observe/recent-exchanges.ts'
import { createStreamLog } from '../observe/stream-log.ts'
import type { ClientConnection } from '../pipeline/client-connection.ts'
import { monotonicNow, nextRequestId } from '../pipeline/exchange.ts'
import type { RequestScope } from '../pipeline/handle-request.ts'
import { logEjection } from '../pipeline/log-ejections.ts'
import { Streams } from '../streams/streams.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import { type EndTrace, type TraceSink, Traces } from '../trace/traces.ts'
import type { Assembled } from './assemble.ts'
import { collectMetrics } from './collect-metrics.ts'
import { collectStreamMetrics } from './collect-stream-metrics.ts'
import type { Entrance } from './entrance.ts'
import { type LookWish, lookAtTraffic, type TrafficLook } from './look-at-traffic.ts'
import { type InForce, type Opened, type OpenScope, openEntrances } from './open-entrances.ts'
import { openPortsOf } from './open-ports-of.ts'
import { retireReplaced } from './retire-entrances.ts'
import { type RunningDesk, startDesk } from './start-desk.ts'
import type { OpenPorts, OpenTrouble, PreparedTraffic, Traffic } from './traffic.ts'

/** A configuration in force, with everything that is open for it. Exchanged as a whole. */
interface Configuration extends InForce {
  readonly assembled: Assembled
  readonly scope: RequestScope
  readonly streamLog: ReturnType<typeof createStreamLog>
  readonly accessLog: AccessLog
}

export class LocalTraffic implements Traffic {
  readonly limits = new ConnectionLimits()
  readonly challenges = new ChallengeStore()
  readonly traces = new Traces({ now: monotonicNow, wallNow: Date.now })
  /** Called when traffic here has ejected a server, or found it back. */
  onEjection: (event: EjectionEvent) => void = () => {}
  /** The one reference. Everything that a request or a handshake asks for comes from here. */
  #current: Configuration | undefined
  readonly #logger: Logger
  readonly #metrics = new TrafficMetrics()
  readonly #recent = new RecentExchanges()
  /** Those of older configurations too, as long as they have connections. */
  readonly #entrances = new Set<Entrance>()
  /** What is adopted later accepts nobody either. */
  #hasLeft = false

  readonly #staples = new Staples()
  readonly #desk: RunningDesk
  readonly guard: SignInGuard
  readonly #openScope: OpenScope
  readonly #rotation: NodeJS.Timeout
  readonly #looking: NodeJS.Timeout
  readonly #crowd = new Crowd(this.limits, monotonicNow)
  /** The connections of streams; `counts` has what is to be measured. */
  readonly streams: Streams

  /**
   * @param sharesPorts other processes open the same ports
   * @param gateOf where sign-ins are asked for, when another process decides; it gets the gate of this one
   */
  constructor(
    logger: Logger,
    sharesPorts = false,
    gateOf: (own: SignInGate) => SignInGate = (own) => own,
  ) {
    this.#logger = logger
    this.#desk = startDesk(logger)
    this.guard = createSignInGuard(gateOf(this.#desk.gate), this.#metrics.signIns)
    // Made here: an entrance keeps it, and must not keep the configuration that it was opened for with it.
    const scope = (): RequestScope => this.#scope
    const staples = this.#staples
    const crowd = this.#crowd
    this.limits.mostHere = mostConnections(openFileLimit())
    this.#openScope = { logger, crowd, scope, staples, sharesPorts, wallNow: Date.now }
    this.#rotation = setInterval(() => this.#rotateTickets(), ROTATION_LOOK_MS)
    this.#rotation.unref()
    this.#looking = setInterval(() => this.#look(), LOOK_MS)
    this.#looking.unref()
    this.streams = new Streams({
      logger,
      limits: this.limits,
      now: monotonicNow,
      nextId: nextRequestId,
      log: () => this.#current?.streamLog,
      onEjection: this.#onEjection,
    })
  }

  get ports(): readonly OpenPorts[] {
    return this.#current ? openPortsOf(this.#current.assembled.rules, this.#current.ports) : []
  }

  get desk(): SignInDesk {
    return this.#desk.desk
  }

  get openConnections(): number {
    return this.limits.open
  }

  async collectMetrics(): Promise<readonly (readonly MetricJson[])[]> {
    return [this.collectOwn(), this.#desk.collect()]
  }

  /** The metrics of this process, but for those of the process itself and of reloads. */
  collectOwn(nowMs = monotonicNow()): readonly MetricJson[] {
    if (!this.#current) return []
    const web = collectMetrics({
      traffic: this.#metrics,
      configuration: this.#current.assembled,
      connections: this.#connections(),
      openSockets: this.limits.open - this.streams.open + this.#crowd.told,
      nowMs,
    })
    return [...web, ...collectStreamMetrics(this.streams.counts)]
  }

  async look(wish: LookWish): Promise<readonly TrafficLook[]> {
    return [{ process: 0, ...this.lookAtOwn(wish) }]
  }

  lookAtOwn({ takesRecent }: LookWish, nowMs = monotonicNow()): Omit<TrafficLook, 'process'> {
    return lookAtTraffic({
      traffic: this.#metrics,
      connections: this.#connections(),
      openConnections: this.limits.open,
      streams: this.streams.counts,
      recent: takesRecent ? this.#recent.take(nowMs) : undefined,
      nowMs,
    })
  }

  get isServing(): boolean {
    return this.#current !== undefined
  }

  async prepare(next: Assembled): Promise<Result<PreparedTraffic, OpenTrouble>> {
    const opened = await openEntrances(next, this.#current ?? NOTHING, this.#openScope)
    if (!opened.ok) return opened
    return ok({
      commit: async () => this.#adopt(next, opened.value),
      discard: () => opened.value.discard(),
    })
  }

  noteHealth(): void {} // the checks have the same registry

  staple(staples: readonly Staple[]): void {
    this.#staples.adopt(staples)
  }

  drain(place: string, isDrained: boolean): void {
    this.#current?.assembled.registry.drain(place, isDrained)
  }

  async trace(request: TraceRequest, sink: TraceSink): Promise<EndTrace> {
    this.traces.start(request, sink)
    return async () => this.traces.stop(request.id)
  }

  async leave(): Promise<void> {
    this.#hasLeft = true
    for (const port of this.#openPorts) port.close()
    for (const { handler } of this.#entrances) handler.leave()
  }

  cut(): void {
    for (const connection of this.#connections()) connection.stop()
    this.streams.cut()
  }

  async kill(): Promise<void> {
    clearInterval(this.#rotation)
    clearInterval(this.#looking)
    this.#desk.stop()
    for (const port of this.#openPorts) port.close()
    for (const connection of this.#connections()) {
      connection.stop()
      connection.socket.destroy()
    }
    this.streams.kill()
  }

  /** Nothing in here waits: no event comes between the old and the new. */
  #adopt(next: Assembled, opened: Opened): void {
    // 1. One assignment.
    const before = this.#current
    const { ports, entrances } = opened // and not its ways back, which know the configuration before
    const streamLog = createStreamLog(this.#logger, next.rules.log.access)
    const accessLog = createAccessLog(this.#logger, next.rules.log.access, W3C_SCOPE)
    const scope = this.#scopeOf(next)
    this.#current = { ports, entrances, assembled: next, scope, streamLog, accessLog }
    next.servers.adopt()
    this.limits.adopt(next.rules.limits, next.rules.listeners)
    this.#metrics.exchanges.adopt(next.rules.rules.map(({ name }) => name))
    this.streams.adopt(next.streams.values())
    this.#desk.adopt(next)

    // 2. New ports take connections, those first that came before.
    for (const entrance of entrances.values()) this.#entrances.add(entrance)
    for (const [key, port] of opened.newPorts) {
      port.begin((socket) => this.#take(key, socket))
    }

    // 3. Nothing more on ports that are gone.
    for (const key of opened.closedKeys) before?.ports.get(key)?.close()

    // 4. Release what was only the old one's. Running exchanges hold what they need.
    if (before) this.#release(before, opened)
    if (this.#hasLeft) void this.leave()
  }

  /** A connection goes to what its port leads to at this moment. */
  #take(key: string, socket: Socket): void {
    const entrance = this.#current?.entrances.get(key)
    if (entrance) return entrance.take(socket)
    const stream = this.#current?.assembled.streams.get(key)
    const peer = socket.remoteAddress
    // Whoever has connected and reset at once is known no more.
    if (stream && peer !== undefined) this.streams.take(stream, socket, unmapped(peer))
    else socket.destroy()
  }

  #release(before: Configuration, { entrances }: InForce): void {
    retireReplaced(before.entrances, entrances, this.#entrances)
    for (const { backends } of this.#connections()) backends.leaveRetired()
  }

  #scopeOf({ snapshot, rules }: Assembled): RequestScope {
    return {
      snapshot,
      accessLog: this.#writeAccess,
      logger: this.#logger,
      metrics: this.#metrics,
      // Nobody could ask for them.
      recent: rules.admin && this.#recent,
      challenges: this.challenges,
      traces: this.traces,
      onEjection: this.#onEjection,
      guard: this.guard,
    }
  }

  /** In the format of now, also what began under an older configuration: one stream never has lines of two formats. */
  readonly #writeAccess: AccessLog = (record, request) => this.#current?.accessLog(record, request)

  readonly #onEjection = (event: EjectionEvent): void => {
    logEjection(this.#logger, event)
    this.onEjection(event)
  }

  /** Asked for by connections only, and there are none before the first configuration is in force. */
  get #scope(): RequestScope {
    if (!this.#current) throw new Error('a connection came before the first configuration')
    return this.#current.scope
  }

  get #openPorts() {
    return this.#current?.ports.values() ?? []
  }

  #rotateTickets(): void {
    for (const entrance of this.#entrances) entrance.rotateTickets(Date.now())
  }

  /** One look at every connection costs less than a timer for each. */
  #look(): void {
    const nowMs = monotonicNow()
    for (const { handler } of this.#entrances) handler.look(nowMs)
  }

  #connections(): ClientConnection[] {
    return [...this.#entrances].flatMap(({ handler }) => [...handler.connections])
  }
}

const W3C_SCOPE = { wallNow: Date.now, computerName: hostname(), version: productVersion() }

const ROTATION_LOOK_MS = 10_000 // keys of session tickets are at most this late
const LOOK_MS = 1_000 // whether clients keep up

const NOTHING: InForce = { ports: new Map(), entrances: new Map() }
