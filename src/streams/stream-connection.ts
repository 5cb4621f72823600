/** One connection of a stream, from its first moment to its line in the log. */
import type { Socket } from 'node:net'
import { breakOff } from '../forward/break-off.ts'
import type { EjectionEvent } from '../forward/passive-check.ts'
import { writeProxyHeader } from '../forward/proxy-header.ts'
import type { StreamRecord } from '../observe/stream-log.ts'
import type { ChoiceSource } from '../pools/choose-server.ts'
import { type Server, serverName } from '../pools/server.ts'
import { ClearHandshake } from './clear-handshake.ts'
import { type ConnectedServer, connectServer } from './connect-server.ts'
import { type Peeked, peekHello } from './peek-hello.ts'
import { type PumpEnd, pump } from './pump.ts'
import { chooseRoute, type Stream, type StreamRoute } from './stream.ts'
import type { StreamOutcome } from './stream-outcome.ts'

export interface StreamConnectionScope {
  readonly id: string
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Undefined: nobody reads it. */
  readonly log: ((record: StreamRecord) => void) | undefined
  readonly onEjection: (event: EjectionEvent) => void
  /** Called once, when both sides are closed. */
  readonly onOver: (outcome: StreamOutcome, bytes: StreamBytes) => void
}

export interface StreamBytes {
  readonly fromClient: number
  readonly toClient: number
}

export class StreamConnection {
  readonly #stream: Stream
  readonly #client: Socket
  readonly #clientAddress: string
  readonly #scope: StreamConnectionScope
  readonly #startedAtMs: number
  /** Undefined: nobody wants to know. */
  readonly #clear: ClearHandshake | undefined
  #route: StreamRoute | undefined
  #connected: ConnectedServer | undefined
  /** The server that was tried last. */
  #server: Server | undefined
  #source: ChoiceSource | undefined
  #connectedAtMs: number | undefined
  #firstByteAtMs: number | undefined
  #isStopping = false
  #isOver = false
  /** Ends the step in progress. */
  #endStep: () => void = () => {}

  constructor(stream: Stream, client: Socket, address: string, scope: StreamConnectionScope) {
    this.#stream = stream
    this.#client = client
    this.#clientAddress = address
    this.#scope = scope
    this.#startedAtMs = scope.now()
    const isWatched = scope.log !== undefined || stream.routes.length > 0
    this.#clear = isWatched ? new ClearHandshake() : undefined
  }

  begin(): void {
    const client = this.#client
    // As the other side, it ends only when told.
    client.allowHalfOpen = true
    client.once('error', (error: NodeJS.ErrnoException) => this.#onClientGone(error.code))
    client.once('close', () => this.#onClientGone(undefined))
    if (this.#stream.routes.length === 0) return this.#connect(EMPTY)
    const { helloMs } = this.#stream.times
    const clear = this.#clear as ClearHandshake
    this.#endStep = peekHello(client, clear, helloMs, (peeked) => this.#onPeeked(peeked))
  }

  /** The time to finish is over: both sides get an end. */
  stop(): void {
    this.#isStopping = true
    if (this.#connected) this.#endStep()
    else this.#giveUp('proxy-stopping')
  }

  /** Ends it now. */
  kill(): void {
    this.#isStopping = true
    if (!this.#connected) return this.#giveUp('proxy-stopping')
    this.#client.destroy()
    this.#connected.socket.destroy()
  }

  #onPeeked(peeked: Peeked): void {
    if (peeked === 'timeout') return this.#giveUp('client-hello-timeout')
    if (peeked === 'ended') return this.#giveUp('client-left')
    this.#route = chooseRoute(this.#stream, this.#clear?.hello)
    this.#connect(peeked.held)
  }

  /** @param held bytes of the client that the server is still to get */
  #connect(held: Buffer): void {
    const { times } = this.#stream
    const job = {
      pool: (this.#route ?? this.#stream).pool,
      clientAddress: this.#clientAddress,
      connectMs: times.connectMs,
      now: this.#scope.now,
      onEjection: this.#scope.onEjection,
    }
    this.#endStep = connectServer(job, (result) => {
      this.#server = result.server
      if (!result.ok) return this.#giveUp(result.outcome, result.reason)
      this.#source = result.source
      this.#connectedAtMs = this.#scope.now()
      this.#connected = result
      this.#carry(result.socket, held)
    })
  }

  #carry(server: Socket, held: Buffer): void {
    const { proxyHeader, times } = this.#stream
    if (proxyHeader !== 'off') server.write(writeProxyHeader(proxyHeader, this.#ends()))
    if (held.length > 0) server.write(held)
    const sides = { client: this.#client, server, idleMs: times.idleMs }
    this.#endStep = pump(sides, {
      onChunk: (from, chunk) => {
        if (from === 'server') this.#firstByteAtMs ??= this.#scope.now()
        this.#clear?.onChunk(from, chunk)
      },
      onEnd: (end) => this.#over(this.#isStopping ? { kind: 'proxy-stopping' } : end),
    })
  }

  /** What the server is told of the client's own connection. */
  #ends() {
    const { remotePort = 0, localAddress = '', localPort = 0 } = this.#client
    return { clientAddress: this.#clientAddress, clientPort: remotePort, localAddress, localPort }
  }

  /** Before a server was found. */
  #giveUp(outcome: StreamOutcome, reason?: string): void {
    if (this.#isOver) return
    this.#endStep()
    this.#over({ kind: outcome, ...(reason === undefined ? {} : { reason }) })
    // A reset: nobody is to take this for the end of an answer.
    breakOff(this.#client)
  }

  #onClientGone(reason: string | undefined): void {
    if (!this.#connected) this.#giveUp('client-left', reason)
  }

  #over(end: PumpEnd | { readonly kind: StreamOutcome; readonly reason?: string }): void {
    if (this.#isOver) return
    this.#isOver = true
    const bytes: StreamBytes = {
      fromClient: this.#client.bytesRead,
      toClient: this.#connected?.socket.bytesRead ?? 0,
    }
    this.#scope.onOver(end.kind, bytes)
    this.#scope.log?.({
      id: this.#scope.id,
      revision: this.#stream.revision,
      stream: this.#stream.name,
      client: this.#clientAddress,
      route: this.#route?.name,
      server: this.#server && serverName(this.#server),
      affinity: this.#source,
      outcome: end.kind,
      reason: 'reason' in end ? end.reason : undefined,
      sni: this.#clear?.hello?.serverName,
      alpn: nonEmpty(this.#clear?.hello?.protocols),
      serverNames: nonEmpty(this.#clear?.serverNames),
      clientNames: nonEmpty(this.#clear?.clientNames),
      clientBytes: bytes.fromClient,
      serverBytes: bytes.toClient,
      connectMs: this.#since(this.#connectedAtMs),
      firstByteMs: this.#since(this.#firstByteAtMs),
      totalMs: Math.round(this.#scope.now() - this.#startedAtMs),
    })
  }

  #since(atMs: number | undefined): number | undefined {
    return atMs === undefined ? undefined : Math.round(atMs - this.#startedAtMs)
  }
}

const nonEmpty = (list: readonly string[] | undefined): readonly string[] | undefined =>
  list && list.length > 0 ? list : undefined

const EMPTY = Buffer.alloc(0)
