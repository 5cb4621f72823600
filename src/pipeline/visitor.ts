/** One TCP connection of a client, from its first moment: counted, and the first to go while it has come to nothing. */
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import { clientKey, type Lack, type ListenerShare } from '../guard/connection-limits.ts'
import type { Crowd, Guest, Idleness } from '../guard/crowd.ts'
import type { ClientConnection } from './client-connection.ts'

export interface VisitorScope {
  readonly crowd: Crowd
  /** Of the listener it came in by. */
  readonly share: ListenerShare
  /** It was ended to make room. */
  readonly onShed: (idleness: Idleness) => void
}

/** What those are told for whom there is no room. */
const refusals: Readonly<Record<Lack, FailureCode>> = {
  client: 'client-limit',
  listener: 'proxy-full',
  all: 'proxy-full',
}

export class Visitor implements Guest {
  readonly client: string
  readonly listener: string
  /** Over the limits: it gets this answer, and its end. */
  readonly refusal: FailureCode | undefined
  /** Monotonic milliseconds. */
  readonly enteredAtMs: number
  /** As soon as HTTP can begin. */
  connection: ClientConnection | undefined
  readonly #socket: Socket
  readonly #address: string
  readonly #scope: VisitorScope
  #hasLeft = false

  constructor(
    socket: Socket,
    address: string,
    entry: { readonly lack: Lack | undefined; readonly nowMs: number },
    scope: VisitorScope,
  ) {
    this.#socket = socket
    this.#address = address
    this.#scope = scope
    this.client = clientKey(address)
    this.listener = scope.share.listener
    this.refusal = entry.lack && refusals[entry.lack]
    this.enteredAtMs = entry.nowMs
    if (this.refusal) scope.crowd.addTold(this)
    else scope.crowd.add(this)
  }

  get idleness(): Idleness | undefined {
    const { connection } = this
    if (this.refusal || this.#hasLeft) return undefined
    if (!connection) return 'unfinished'
    if (!connection.isIdle) return undefined
    if (connection.servedAtMs === undefined) return 'unfinished'
    return connection.backends.isPinned ? 'signed-in' : 'idle'
  }

  get idleSinceMs(): number {
    return this.connection?.servedAtMs ?? this.enteredAtMs
  }

  shed(): void {
    const { idleness } = this
    if (idleness) this.#scope.onShed(idleness)
    this.end()
  }

  /** Ends it without a word. */
  end(): void {
    this.leave()
    this.connection?.socket.destroy()
    this.#socket.destroy()
  }

  /** Its place is free; more than once does no harm. */
  leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    const { crowd, share } = this.#scope
    crowd.remove(this)
    if (!this.refusal) crowd.limits.release(this.#address, share)
  }
}
