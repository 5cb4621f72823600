/** What a trace hears of an exchange while it is forwarded. Without a trace nobody is told anything. */
import type { Socket } from 'node:net'
import type { ChoiceSource } from '../pools/choose-server.ts'
import type { Server } from '../pools/server.ts'

/** An answer's head, whoever it is from. Fields are flat: name, value, … */
export interface TracedHead {
  readonly status: number
  readonly reason: string
  readonly fields: readonly string[]
}

export interface ForwardTrace {
  /** A new connection is about to be opened. */
  onConnecting(server: Server, source: ChoiceSource): void
  /** The socket on which that happens. */
  onSocket(socket: Socket): void
  onConnected(): void
  onConnectFailed(reason: string): void
  /** The request line and fields have been written. @param isWhole there is no body */
  onSent(head: string, isWhole: boolean): void
  /** The body has been written. */
  onUploaded(): void
  onServerHead(head: TracedHead): void
  /** The head as the client gets it. */
  onClientHead(head: TracedHead): void
  onRequestBody(bytes: Buffer): void
  onResponseBody(bytes: Buffer): void
}
