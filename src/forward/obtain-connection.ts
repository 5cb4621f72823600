/** Step 1 of forwarding and of a tunnel: a connection to a server of the pool. */
import {
  type Choice,
  type ChoiceHints,
  chooseNextServer,
  chooseServer,
} from '../pools/choose-server.ts'
import type { Pool } from '../pools/pool.ts'
import type { Server } from '../pools/server.ts'
import type { BackendConnection } from './backend-connection.ts'
import type { BackendConnections } from './backend-connections.ts'
import type { ForwardReport } from './forward-report.ts'
import { openBackendConnection } from './open-backend-connection.ts'

export interface ConnectSettings {
  readonly timeouts: { readonly connectMs: number }
}

export interface ConnectJob {
  readonly pool: Pool
  readonly hints: ChoiceHints
  /** TLS to the server: its httpsPort, else its httpPort. */
  readonly isTls: boolean
  readonly connections: BackendConnections
  readonly report: ForwardReport
  readonly settings: ConnectSettings
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/**
 * The pinned connection, an open one, or a new one. As not one byte of a request is written before a connection stands,
 * one server after another may be tried.
 * @returns a way to give the attempt up. `done` may be called at once; without a connection all servers failed.
 */
export function obtainConnection(
  job: ConnectJob,
  done: (connection: BackendConnection | undefined) => void,
): () => void {
  const { pool, hints, connections, report } = job
  const pin = connections.pinOf(pool.name)
  if (pin) {
    report.source = 'pin'
    report.server = pin.server
    // A sign-in cannot move: with its connection gone, no other server can stand in.
    done(pin.isOpen && !pin.isBusy ? pin : undefined)
    return () => {}
  }
  const tried = new Set<Server>()
  const reasons: string[] = []
  let giveUp = (): void => {}
  const attempt = (choice: Choice): void => {
    report.source = choice.source
    report.server = choice.server
    const open = connections.find(choice.server)
    if (open) return done(open)
    const request = {
      server: choice.server,
      isTls: job.isTls,
      connectMs: job.settings.timeouts.connectMs,
      nowMs: job.now(),
    }
    giveUp = openBackendConnection(request, (result) => {
      if (result.ok) {
        report.connectedAtMs = job.now()
        connections.add(result.connection)
        return done(result.connection)
      }
      reasons.push(`${choice.server.address}: ${result.reason}`)
      report.reason = reasons.join('; ')
      tried.add(choice.server)
      const next = chooseNextServer(pool, hints, tried)
      if (!next) return done(undefined)
      attempt(next)
    })
  }
  attempt(chooseServer(pool, hints))
  return () => giveUp()
}
