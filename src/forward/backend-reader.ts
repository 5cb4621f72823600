/**
 * How bytes come from a server: into one buffer that all back-end sockets of the process share. Node's own way allocates
 * 64 KiB for each read and takes them through a stream; for a small answer that is most of what reading costs.
 *
 * A read that fills much of the buffer announces more of them (a body), and then copying would cost more than
 * allocating: from there on the socket reads into buffers of its own, each given away whole, until a small read comes.
 */
import type { OnReadOpts, Socket } from 'node:net'

/** As much as libuv reads at once by itself. */
const READ_BYTES = 64 * 1024

/** Below this a copy is cheaper than a new buffer. */
const COPY_BYTES = 8 * 1024

const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/** What is called for each read. `isLent`: the next read, of any socket, overwrites the bytes. */
export type TakeBytes = (bytes: Buffer, isLent: boolean) => void

export interface BackendReader {
  /** For the options of the socket. */
  readonly onread: OnReadOpts
  /** Until it is set, bytes are those of a server that speaks before it was asked. */
  take: TakeBytes | undefined
  /** From now on the socket is read as any stream is. */
  giveTo(socket: Socket): void
}

export function createBackendReader(): BackendReader {
  let next: Buffer = shared
  let stream: Socket | undefined
  const reader: BackendReader = {
    take: undefined,
    giveTo: (socket) => {
      stream = socket
    },
    onread: {
      // Asked once before the first read and then after each one.
      buffer: () => next,
      callback: (count, buffer) => {
        const bytes = (buffer as Buffer).subarray(0, count)
        const isLent = buffer === shared || count < COPY_BYTES
        next = count < COPY_BYTES ? shared : Buffer.allocUnsafeSlow(READ_BYTES)
        if (stream) return stream.push(isLent ? Buffer.from(bytes) : bytes)
        reader.take?.(bytes, isLent)
        return true
      },
    },
  }
  return reader
}
