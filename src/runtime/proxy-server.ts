/** The running proxy: opens the listeners, holds the current snapshot, and ends in good order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { failed, ok, type Result } from '../base/result.ts'
import {
  CertificateStore,
  canonicalName,
  type LoadedCertificate,
} from '../certificates/certificate-store.ts'
import type { ListenerRule, Rules } from '../config/rules.ts'
import { ConnectionLimits } from '../guard/connection-limits.ts'
import type { ActiveChecks } from '../health/active-check.ts'
import { type HttpListener, openHttpListener } from '../listeners/http-listener.ts'
import { profileOptions, type TlsSettings } from '../listeners/tls-settings.ts'
import { createAccessLog } from '../observe/access-log.ts'
import type { Logger } from '../observe/logger.ts'
import type { ClientConnection } from '../pipeline/client-connection.ts'
import type { RequestScope } from '../pipeline/handle-request.ts'
import { ListenerHandler } from '../pipeline/listener-handler.ts'
import type { Built } from './build-snapshot.ts'
import { type HealthServer, openHealthServer } from './health-server.ts'
import { startActiveChecks } from './start-active-checks.ts'

/** A port that could not be opened. */
export interface OpenTrouble {
  readonly listener: string
  readonly message: string
}

export interface OpenPorts {
  readonly name: string
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
}

export class ProxyServer {
  readonly #scope: RequestScope
  readonly #rules: Rules
  readonly #limits: ConnectionLimits
  readonly #logger: Logger
  readonly #handlers: ListenerHandler[] = []
  readonly #listeners: HttpListener[] = []
  readonly #ports: OpenPorts[] = []
  #health: HealthServer | undefined
  #checks: ActiveChecks | undefined
  #isReady = false
  #stopping: Promise<void> | undefined
  /** Aborted by `kill`, so that a stop in progress does not go on waiting. */
  readonly #killed = new AbortController()

  private constructor(built: Built, logger: Logger) {
    this.#rules = built.rules
    this.#logger = logger
    this.#limits = new ConnectionLimits(built.rules.limits)
    this.#scope = {
      snapshot: built.snapshot,
      accessLog: createAccessLog(logger, built.rules.log.access),
      logger,
    }
  }

  /** Opens every port of the file, or none: a port that is taken closes the others again. */
  static async start(built: Built, logger: Logger): Promise<Result<ProxyServer, OpenTrouble>> {
    const proxy = new ProxyServer(built, logger)
    for (const rule of built.rules.listeners) {
      const trouble = await proxy.#open(rule, built.certificates)
      if (trouble) {
        await proxy.stop({ unreadyMs: 0, drainMs: 0 })
        return failed(trouble)
      }
    }
    proxy.#checks = startActiveChecks(built.pools, logger)
    proxy.#isReady = true
    return ok(proxy)
  }

  /** The ports that are open, for logs and tests (a port 0 in the file becomes a real one). */
  get ports(): readonly OpenPorts[] {
    return this.#ports
  }

  get healthPort(): number | undefined {
    return this.#health?.port
  }

  get openConnections(): number {
    return this.#limits.open
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
    for (const listener of this.#listeners) listener.stopAccepting()
    for (const connection of this.#connections()) {
      connection.stop()
      connection.socket.destroy()
    }
    await this.#health?.close()
    this.#health = undefined
  }

  #connections(): ClientConnection[] {
    return this.#handlers.flatMap(({ connections }) => [...connections])
  }

  async #stop({ unreadyMs, drainMs }: { unreadyMs: number; drainMs: number }): Promise<void> {
    this.#isReady = false
    if (unreadyMs > 0) await this.#sleep(unreadyMs)
    for (const listener of this.#listeners) listener.stopAccepting()
    for (const handler of this.#handlers) handler.isStopping = true
    for (const connection of this.#connections()) connection.closeWhenIdle()
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
    const deadline = performance.now() + waitMs
    while (this.openConnections > 0 && performance.now() < deadline && !this.#killed.signal.aborted)
      await this.#sleep(DRAIN_LOOK_MS)
    return this.openConnections === 0
  }

  /** Ends early when the proxy is killed. */
  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#killed.signal }).catch(() => {})
  }

  async #open(
    rule: ListenerRule,
    certificates: readonly LoadedCertificate[],
  ): Promise<OpenTrouble | undefined> {
    try {
      const https =
        rule.httpsPort === undefined
          ? undefined
          : await this.#openPort(rule, rule.httpsPort, this.#tlsOf(rule, certificates))
      const http =
        rule.httpPort === undefined
          ? undefined
          : await this.#openPort(rule, rule.httpPort, undefined)
      this.#ports.push({ name: rule.name, httpPort: http?.port, httpsPort: https?.port })
      this.#health ??=
        this.#rules.health &&
        (await openHealthServer(
          this.#rules.health,
          () => this.#isReady && this.#checks?.isSettled === true,
        ))
      return undefined
    } catch (error) {
      return {
        listener: rule.name,
        message: openMessage(error as ListenError, rule.address),
      }
    }
  }

  async #openPort(
    rule: ListenerRule,
    port: number,
    tls: TlsSettings | undefined,
  ): Promise<HttpListener> {
    const { timeouts, limits } = this.#rules
    const handler = new ListenerHandler({
      listener: rule.name,
      isTls: tls !== undefined,
      httpsPort: rule.httpsPort,
      limits: this.#limits,
      scope: () => this.#scope,
    })
    const server = { ...timeouts, headBytes: limits.headBytes }
    const listener = await openHttpListener({ address: rule.address, port, server, tls }, handler)
    this.#handlers.push(handler)
    this.#listeners.push(listener)
    return listener
  }

  #tlsOf(rule: ListenerRule, certificates: readonly LoadedCertificate[]): TlsSettings {
    const [first] = certificates
    if (!first) throw new Error('a TLS listener without a certificate') // cross-check refuses such a file
    const store = new CertificateStore(certificates, profileOptions(rule.tlsProfile))
    const routes = this.#scope.snapshot.routes.get(rule.name)
    return {
      profile: rule.tlsProfile,
      fallback: { cert: first.certPem, key: first.keyPem },
      lookup: (serverName) =>
        routes?.match(canonicalName(serverName))?.https === 'refuse'
          ? undefined
          : store.lookup(serverName),
    }
  }
}

const DRAIN_LOOK_MS = 100

/** What is left after the drain time gets an answer of ours where one is possible, and this long to read it. */
const LAST_WORD_MS = 1_000

type ListenError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }

function openMessage(error: ListenError, ruleAddress: string): string {
  // The health port is opened here too, and it may have an address of its own.
  const address = error.address ?? ruleAddress
  const where = `${address} port ${error.port ?? '?'}`
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is in use by another program`
    case 'EACCES':
      return `${where} may not be opened by this user: ports below 1024 need root, CAP_NET_BIND_SERVICE, or a port mapping`
    case 'EADDRNOTAVAIL':
      return `${address} is not an address of this machine`
  }
  return `${where} cannot be opened (${error.code ?? error.message})`
}
