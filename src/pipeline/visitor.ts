/** One TCP connection of a client, from its first moment: counted, and the first to go while it has come to nothing. */
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import { clientKey } from '../guard/connection-limits.ts'
import type { Crowd, Guest, Idleness } from '../guard/crowd.ts'
import type { ClientConnection } from './client-connection.ts'

export interface VisitorScope {
  readonly crowd: Crowd
  /** It was ended to make room. */
  readonly onShed: (idleness: Idleness) => void
}

export class Visitor implements Guest {
  readonly client: string
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
    entry: { readonly refusal: FailureCode | undefined; readonly nowMs: number },
    scope: VisitorScope,
  ) {
    this.#socket = socket
    this.#address = address
    this.#scope = scope
    this.client = clientKey(address)
    this.refusal = entry.refusal
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
    const { crowd } = this.#scope
    crowd.remove(this)
    if (!this.refusal) crowd.limits.release(this.#address)
  }
}
