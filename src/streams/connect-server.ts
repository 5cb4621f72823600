/** A connection to a server of a stream: one server after another, as nothing has been sent to any of them yet. */
import { connect, type Socket } from 'node:net'
import {
  noteAnswer,
  noteConnected,
  noteConnecting,
  noteFailure,
  type PassiveCheck,
} from '../forward/passive-check.ts'
import {
  type Choice,
  type ChoiceSource,
  chooseNextServer,
  chooseServer,
} from '../pools/choose-server.ts'
import { explainUnusable } from '../pools/fitness.ts'
import { lookUpServer } from '../pools/look-up-server.ts'
import { type Server, serverName } from '../pools/server.ts'

export interface StreamConnectJob extends PassiveCheck {
  readonly clientAddress: string
  readonly connectMs: number
}

/** Nothing is read from the socket before somebody listens. Its server counts it as in flight until it is closed. */
export interface ConnectedServer {
  readonly ok: true
  readonly socket: Socket
  readonly server: Server
  readonly source: ChoiceSource
}

export interface NoServer {
  readonly ok: false
  readonly outcome: 'backend-unreachable' | 'backend-none-healthy'
  /** The one that was tried last. */
  readonly server: Server | undefined
  readonly reason: string
}

/** TCP is probed after a minute of silence, so that half-open connections are found. */
const PROBE_DELAY_MS = 60_000

/** @returns a way to give it up; `done` is not called after that */
export function connectServer(
  job: StreamConnectJob,
  done: (result: ConnectedServer | NoServer) => void,
): () => void {
  const { pool, clientAddress, connectMs } = job
  const tried = new Set<Server>()
  const reasons: string[] = []
  let giveUp = (): void => {}
  const hints = () => ({ affinityKey: undefined, clientAddress, nowMs: job.now() })
  const attempt = ({ server, source }: Choice): void => {
    const startedAtMs = job.now()
    noteConnecting(server, startedAtMs, connectMs)
    giveUp = tryServer(server, connectMs, (result) => {
      if (typeof result !== 'string') {
        noteConnected(job, server)
        // It has taken the connection. More than that cannot be known of what nobody here understands.
        noteAnswer(job, server)
        return done({ ok: true, socket: result, server, source })
      }
      noteFailure(job, server, { kind: 'connect', startedAtMs, reason: result })
      reasons.push(`${serverName(server)}: ${result}`)
      tried.add(server)
      const next = chooseNextServer(pool, hints(), tried)
      if (next) return attempt(next)
      done({ ok: false, outcome: 'backend-unreachable', server, reason: reasons.join('; ') })
    })
  }
  const first = chooseServer(pool, hints())
  if (first) {
    attempt(first)
    return () => giveUp()
  }
  const reason = explainUnusable(pool)
  done({ ok: false, outcome: 'backend-none-healthy', server: undefined, reason })
  return () => {}
}

/** `done` gets the socket, or why there is none. While it runs the server has one more in flight. */
function tryServer(
  server: Server,
  connectMs: number,
  done: (result: Socket | string) => void,
): () => void {
  const socket = connect({
    host: server.address,
    port: server.httpsPort,
    // A name whose DNS is silent must not take the other streams and pools out.
    lookup: lookUpServer,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_DELAY_MS,
  })
  server.facts.inFlight++
  socket.once('close', () => server.facts.inFlight--)
  let isOver = false
  const settle = (result: Socket | string): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    if (typeof result === 'string') socket.destroy()
    done(result)
  }
  const timer = setTimeout(() => settle(`no connection within ${connectMs} ms`), connectMs)
  // Stays for ever: an unheard 'error' would end the process.
  socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
  socket.once('connect', () => settle(socket))
  return () => {
    isOver = true
    clearTimeout(timer)
    socket.destroy()
  }
}
