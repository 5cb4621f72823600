/** Where a client connection came in: what is known of it before the first request. */
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import type { TlsProfile } from '../config/rules.ts'

/** Where a connection came in. */
export interface Arrival {
  readonly listener: string
  /** Of the listener, as in the file. */
  readonly port: number
  readonly isTls: boolean
  /** What the handshake was held under; undefined: plain HTTP. */
  readonly tlsProfile: TlsProfile | undefined
  /** The address of the peer, IPv4-mapped IPv6 written as IPv4. Where a PROXY header names a client, that one's. */
  readonly peerAddress: string
  /** False: the peer is a balancer that did not name its client. */
  readonly isPeerClient: boolean
  /** The TLS port of the listener, for redirects; undefined: it has none. */
  readonly httpsPort: number | undefined
  /** There is no room for it: this is what every request is answered with. */
  readonly refusal: FailureCode | undefined
}

/** Where an HTTP connection comes from, as the listener says it. */
export interface ConnectionOrigin {
  readonly peer: { readonly address: string; readonly isClient: boolean }
  readonly tcpSocket: Socket
  readonly tlsProfile: TlsProfile | undefined
}
