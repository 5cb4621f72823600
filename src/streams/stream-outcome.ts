/** Every way the connection of a stream may end. A closed set: logs and metrics carry it, docs/streams.md explains it. */

export const streamOutcomes = [
  /** Both sides have ended. */
  'done',
  /** Neither side sent a byte for `idle`; five minutes once one of them has ended. */
  'idle',
  /** The client broke off, or left before a server was found. */
  'client-left',
  /** It sent no ClientHello in time, where one decides about the server. */
  'client-hello-timeout',
  /** It is not on the list of those who may connect. */
  'client-not-allowed',
  /** Too many connections, of this client or of all. */
  'client-limit',
  /** No server could be connected. */
  'backend-unreachable',
  /** Every server is unhealthy or draining. */
  'backend-none-healthy',
  /** The server broke off. */
  'backend-broke-off',
  /** The drain time was over. */
  'proxy-stopping',
] as const

export type StreamOutcome = (typeof streamOutcomes)[number]

/** What has happened on a stream since the start, for metrics. Only ever grows, but for `open`. */
export interface StreamCounts {
  /** Connections at the moment. */
  open: number
  readonly outcomes: Record<StreamOutcome, number>
  /** Bytes of connections that are over. */
  bytesFromClients: number
  bytesToClients: number
}

export const noStreamCounts = (): StreamCounts => ({
  open: 0,
  outcomes: Object.fromEntries(streamOutcomes.map((outcome) => [outcome, 0])) as Record<
    StreamOutcome,
    number
  >,
  bytesFromClients: 0,
  bytesToClients: 0,
})
