/** What all contestants have in common. */
import type { BenchFiles } from '../files.ts'
import type { Running } from '../processes.ts'

/** Where the back ends listen. */
export interface BackendPorts {
  readonly plain: number
  readonly tls: number
  /** The Node back end, TLS. */
  readonly node: number
}

/** Where a peer shall listen. */
export interface PeerPorts {
  /** Plain HTTP, on to the static back end. */
  readonly plain: number
  /** TLS, on to the static back end by TLS. */
  readonly tls: number
  /** TLS, on to the Node back end by TLS. May be the same as `tls` where the host decides. */
  readonly node: number
  /**
   * TLS, on to the static back end by TLS, over connections that are never used for two clients. May be the same as `tls`
   * where that is so anyway.
   */
  readonly own: number
  readonly health: number
}

export interface PeerSetup {
  /** For file names. */
  readonly label: string
  readonly files: BenchFiles
  readonly backends: BackendPorts
  readonly ports: PeerPorts
  readonly core: number
  /** How many connections it must be able to hold. */
  readonly connections: number
}

export interface Peer {
  readonly name: string
  readonly debianPackage: string
  /** Undefined when it is not installed. */
  version(): Promise<string | undefined>
  start(setup: PeerSetup): Running
}
