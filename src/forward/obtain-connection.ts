/** Step 1 of forwarding and of a tunnel: a connection to a server of the pool. */
import {
  type Choice,
  type ChoiceHints,
  chooseNextServer,
  chooseServer,
} from '../pools/choose-server.ts'
import { explainUnusable } from '../pools/fitness.ts'
import type { Server } from '../pools/server.ts'
import type { BackendConnection } from './backend-connection.ts'
import type { BackendConnections } from './backend-connections.ts'
import type { ForwardReport } from './forward-report.ts'
import type { OnFault } from './guarded.ts'
import { type ConnectResult, openBackendConnection } from './open-backend-connection.ts'
import { noteConnected, noteConnecting, noteFailure, type PassiveCheck } from './passive-check.ts'

export interface ConnectSettings {
  readonly timeouts: { readonly connectMs: number }
}

export interface ConnectJob extends PassiveCheck {
  readonly hints: ChoiceHints
  /** TLS to the server: its httpsPort, else its httpPort. */
  readonly isTls: boolean
  readonly connections: BackendConnections
  readonly report: ForwardReport
  readonly settings: ConnectSettings
  /** What `done`, or a step before it, throws in a later event. */
  readonly onFault: OnFault
}

/** Why there is no connection: nobody to try, or all that were tried failed. */
export type NoConnection = 'backend-none-healthy' | 'backend-unreachable'

/**
 * The pinned connection, an open one, or a new one. As not one byte of a request is written before a connection stands,
 * one server after another may be tried.
 * @returns a way to give the attempt up. `done` may be called at once.
 */
export function obtainConnection(
  job: ConnectJob,
  done: (result: BackendConnection | NoConnection) => void,
): () => void {
  const { pool, hints, connections, report } = job
  const pin = connections.pinOf(pool.name)
  if (pin) {
    report.source = 'pin'
    report.server = pin.server
    // A sign-in cannot move: with its connection gone, no other server can stand in.
    done(pin.isOpen && !pin.isBusy ? pin : 'backend-unreachable')
    return () => {}
  }
  const first = chooseServer(pool, hints)
  if (!first) {
    report.reason = explainUnusable(pool)
    done('backend-none-healthy')
    return () => {}
  }
  const open = connections.find(first.server)
  if (!open) return connectTo(first, job, done)
  report.source = first.source
  report.server = first.server
  done(open)
  return () => {}
}

/** A new connection to the first choice, else to the next one. */
function connectTo(
  first: Choice,
  job: ConnectJob,
  done: (result: BackendConnection | NoConnection) => void,
): () => void {
  const { pool, hints, connections, report } = job
  const { connectMs } = job.settings.timeouts
  const tried = new Set<Server>()
  const reasons: string[] = []
  let giveUp = (): void => {}
  const attempt = ({ server, source }: Choice): void => {
    report.source = source
    report.server = server
    const open = connections.find(server)
    if (open) return done(open)
    const startedAtMs = job.now()
    noteConnecting(server, startedAtMs, connectMs)
    const { trace } = report
    trace?.onConnecting(server, source)
    const onResult = (result: ConnectResult): void => {
      if (result.ok) {
        report.connectedAtMs = job.now()
        trace?.onConnected()
        noteConnected(job, server)
        connections.add(result.connection)
        return done(result.connection)
      }
      const { reason } = result
      trace?.onConnectFailed(reason)
      noteFailure(job, server, { kind: 'connect', startedAtMs, reason })
      reasons.push(`${server.address}: ${reason}`)
      report.reason = reasons.join('; ')
      tried.add(server)
      const next = chooseNextServer(pool, { ...hints, nowMs: job.now() }, tried)
      if (!next) return done('backend-unreachable')
      attempt(next)
    }
    const request = { server, isTls: job.isTls, connectMs, trace }
    giveUp = openBackendConnection(request, (result) => {
      try {
        onResult(result)
      } catch (error) {
        if (result.ok) result.connection.destroy()
        job.onFault(error)
      }
    })
  }
  attempt(first)
  return () => giveUp()
}
