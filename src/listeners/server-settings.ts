/**
 * Every limit and time-out of Node's HTTP server, in one place. Node's own defaults are wrong here: they cut long
 * uploads and long polls, refuse Kerberos tickets that IIS takes, and work through pipelined requests without end.
 */
import type { IncomingMessage, ServerOptions } from 'node:http'
import { DirectRequest } from './direct-request.ts'
import { StreamedAnswer } from './streamed-answer.ts'

/** The values of the rules file that reach Node's server. */
export interface ServerSettings {
  readonly requestHeadMs: number
  readonly handshakeMs: number
  readonly headBytes: number
}

/** How often Node looks for heads that are late: a head lives at most this much longer than it may. */
const CHECK_INTERVAL_MS = 1_000

/** Connections that wait to be accepted: a whole company signs in again after an outage. */
export const BACKLOG = 4_096

/** TCP keep-alive probes start after this silence and find half-open connections. */
export const KEEP_ALIVE_PROBE_MS = 60_000

export function httpServerOptions(settings: ServerSettings): ServerOptions {
  return {
    insecureHTTPParser: false,
    maxHeaderSize: settings.headBytes,
    headersTimeout: settings.requestHeadMs,
    // Off: it would cut a long upload. The body has an idle time-out of its own in the forwarder.
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    // Off: it would be a timer for each request. `ClientConnection` knows since when it is idle.
    keepAliveTimeout: 0,
    // Screening answers a missing Host itself, in the form that all our answers have.
    requireHostHeader: false,
    // Duplicates are looked for in the raw fields; joining them would hide them.
    joinDuplicateHeaders: false,
    // A request without a body needs no stream machinery, where it comes so far.
    optimizeEmptyRequests: true,
    // Its fields and calls are those that Node's parser fills in and makes.
    IncomingMessage: DirectRequest as unknown as typeof IncomingMessage,
    ServerResponse: StreamedAnswer,
  }
}
