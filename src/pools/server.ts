/** A back-end server as compiled from the file, and the live facts about it that outlive a configuration. */
import { createHash } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import type { Ejection } from './ejection.ts'
import type { ServerCheck } from './server-check.ts'

/** What traffic has met at a server since the start, for metrics. */
export interface ServerCounts {
  connects: number
  connectFailures: number
  ejections: number
}

/** Facts that change while the proxy runs. Kept by the registry, so that a reload does not forget them. */
export interface ServerFacts {
  /** The same in every process that serves by this configuration. */
  readonly key: string
  /** `pool01/fe01.contoso.local:4443`: what an administrator calls it. */
  readonly place: string
  /** Exchanges and tunnels in progress. */
  inFlight: number
  /** Connections on which somebody is signed in, or may be. */
  pinned: number
  /** An administrator drains it by command. Outlives configurations, not the process. */
  isDrainedByCommand: boolean
  /** What traffic has shown. */
  readonly ejection: Ejection
  /** Kept by place: a new trust does not end them, so that what stays in a metric never goes back. */
  readonly counts: ServerCounts
  /** True once no pool in force has this server: it gets nothing new, and idle connections to it end. */
  isRetired: boolean
  /** The newest TLS session per port, for resumption towards this server under the same trust settings. */
  readonly tlsSessions: Map<number, Buffer>
}

/** What a connection to a server must verify before a byte of a request is written. */
export interface BackendTls {
  /** Trusted roots and protocol versions, compiled once: making one costs more than a handshake. */
  readonly secureContext: SecureContext
  /** The name checked against the certificate (RFC 9525) and sent as SNI unless it is an IP address. */
  readonly serverName: string
  readonly insecureSkipVerify: boolean
}

/** One server of a pool. Frozen; only `facts` and the health of `check` change. */
export interface Server {
  /** For logs: `fe01.contoso.local`. Never shown to clients. */
  readonly address: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly weight: number
  /** The file drains it. */
  readonly isDrainedByFile: boolean
  /** Undefined: nobody asks, it counts as healthy. */
  readonly check: ServerCheck | undefined
  readonly tls: BackendTls
  /** The opaque value of the affinity cookie. */
  readonly affinityKey: string
  readonly facts: ServerFacts
}

/** It takes no new clients and keeps its conversations. */
export const isDraining = ({ isDrainedByFile, facts }: Server): boolean =>
  isDrainedByFile || facts.isDrainedByCommand

/** A server in the events of the log: its name and HTTPS port. */
export const serverName = ({ address, httpsPort }: Server): string => `${address}:${httpsPort}`

/**
 * The affinity value of a server: the same on every replica and after a restart, because it follows from the file
 * alone, and without the server's name or address in it. A pseudonym, not a secret: see docs/decisions/0006.
 */
export function affinityKeyOf(poolName: string, address: string, httpsPort: number): string {
  const text = `lyncgate affinity 1\0${poolName}\0${address}\0${httpsPort}`
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
