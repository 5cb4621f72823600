/** How far writing has come, to the byte. */
import type { Socket } from 'node:net'

/** What Node has below a socket and gives no public name; test/unit/forward/bytes-sent.test.ts watches over it. */
interface Handle {
  readonly bytesWritten?: number
  readonly writeQueueSize?: number
  /** The TCP handle below a TLS one. */
  readonly _parent?: Handle
}

/**
 * Bytes that the kernel has taken of what was written on this socket, TLS records and all. `bytesWritten` says what was
 * handed to the socket, which is the same thing only for those who read; the kernel itself takes up to some megabytes.
 */
export function bytesSent(socket: Socket & { readonly _handle?: Handle | null }): number {
  const handle = socket._handle?._parent ?? socket._handle
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined)
    return socket.bytesWritten - socket.writableLength
  return handle.bytesWritten - handle.writeQueueSize
}
