/** What the access log wants to know about the forwarding of an exchange; filled in as it goes on. */
import type { ChoiceSource } from '../pools/choose-server.ts'
import type { Server } from '../pools/server.ts'
import type { ForwardTrace } from './forward-trace.ts'

/** Times are monotonic milliseconds. */
export interface ForwardReport {
  server: Server | undefined
  source: ChoiceSource | undefined
  pinned: boolean
  connectedAtMs: number | undefined
  firstByteAtMs: number | undefined
  status: number
  requestBytes: number
  responseBytes: number
  diagnostics: string | undefined
  /** The reason of a failure in the words of the socket or the parser. */
  reason: string | undefined
  /** Undefined: nobody traces this exchange. */
  trace: ForwardTrace | undefined
}
