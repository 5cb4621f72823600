/** Who is connected. */
import type { Socket } from 'node:net'

/** Who stands at the other end. */
export interface Peer {
  readonly address: string
  /** False: a balancer stands there that did not name its client. */
  readonly isClient: boolean
}

/** By TCP socket, where a PROXY header came. */
export type NamedPeers = WeakMap<Socket, Peer>

/**
 * `_parent` is the TCP socket below TLS, as in tls-settings.ts; test/integration/proxy-headers-name-the-client.test.ts
 * watches over it.
 */
export interface BelowTls {
  readonly _parent?: Socket | null
}

/** The one that a PROXY header named, else the one that is connected. */
export function peerOf(socket: Socket & BelowTls, named: NamedPeers): Peer {
  const peer = named.get(socket) ?? (socket._parent && named.get(socket._parent))
  return peer ?? { address: socket.remoteAddress ?? '', isClient: true }
}
