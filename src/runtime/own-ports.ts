/** The ports that are not for clients: what load balancers and administrators ask. Opened by the runtime itself. */
import { failed, ok, type Result } from '../base/result.ts'
import type { Rules } from '../config/rules.ts'
import { type HealthServer, openHealthServer } from './health-server.ts'
import { openMessage } from './open-message.ts'
import type { OpenTrouble } from './traffic.ts'

/** A port and where it was asked for. */
interface OpenHealth {
  readonly key: string
  readonly server: HealthServer
}

export interface PreparedPorts {
  commit(): void
  discard(): Promise<void>
}

export class OwnPorts {
  readonly #isReady: () => boolean
  #health: OpenHealth | undefined

  /** @param isReady what `/readyz` says */
  constructor(isReady: () => boolean) {
    this.#isReady = isReady
  }

  get healthPort(): number | undefined {
    return this.#health?.server.port
  }

  /** Opens what is new, or nothing at all. */
  async prepare({ health }: Rules): Promise<Result<PreparedPorts, OpenTrouble>> {
    const before = this.#health
    const key = health && `${health.address} ${health.port}`
    let next: OpenHealth | undefined
    try {
      if (health && key !== undefined)
        next =
          before?.key === key
            ? before
            : { key, server: await openHealthServer(health, this.#isReady) }
    } catch (error) {
      const message = openMessage(error, health?.address ?? '', () => false)
      return failed({ listener: 'health', message })
    }
    return ok({
      commit: () => {
        this.#health = next
        if (before !== next) void before?.server.close()
      },
      discard: async () => {
        if (before !== next) await next?.server.close()
      },
    })
  }

  async close(): Promise<void> {
    await this.#health?.server.close()
  }
}
