/**
 * How bytes come from a server, and those of a large body from a client: into one buffer that all sockets of the process
 * share. Node's own way allocates 64 KiB for each read and takes them through a stream; for a small answer that is most of
 * what reading costs.
 *
 * A read of some size announces more of them (a body), and then copying would cost too much: from there on the socket reads
 * into a slab, until a small read comes or the answer is complete.
 */
import type { OnReadOpts, Socket } from 'node:net'
import { SLAB_BYTES, Slab } from './slab.ts'

/** Below this a copy is cheaper. */
const COPY_BYTES = 8 * 1024

/** A TLS record brings so much, and is cut in two when there is less room. */
const RECORD_BYTES = 16 * 1024

/** As much as libuv reads at once by itself. */
const shared = Buffer.allocUnsafeSlow(SLAB_BYTES)

/**
 * What is called for each read. Without a slab the bytes are lent: the next read, of any socket, overwrites them. Returns
 * whether more of an answer is to come.
 */
export type TakeBytes = (bytes: Buffer, slab: Slab | undefined) => boolean

export interface SlabReader {
  /** For the options of a socket that is made with it. */
  readonly onread: {
    /** Where the next read goes. */
    readonly buffer: () => Buffer
    readonly callback: OnReadOpts['callback']
  }
  /** Until it is set, bytes are those of a server that speaks before it was asked. */
  take: TakeBytes | undefined
  /** From now on the socket is read as any stream is. */
  giveTo(socket: Socket): void
}

export function createSlabReader(): SlabReader {
  /** What the socket reads into; undefined: the shared buffer. */
  let slab: Slab | undefined
  let stream: Socket | undefined
  const useShared = (): void => {
    slab?.letGo()
    slab = undefined
  }
  const useSlab = (): Slab => {
    if (slab && slab.room >= RECORD_BYTES) return slab
    slab?.letGo()
    slab = Slab.take()
    return slab
  }
  const reader: SlabReader = {
    take: undefined,
    giveTo: (socket) => {
      stream = socket
    },
    onread: {
      // Asked once before the first read and then after each one.
      buffer: () => slab?.rest ?? shared,
      callback: (count, buffer) => {
        if (stream) {
          const more = stream.push(Buffer.from((buffer as Buffer).subarray(0, count)))
          useShared()
          return more
        }
        let bytes: Buffer
        if (slab) bytes = slab.read(count)
        else if (count < COPY_BYTES) bytes = shared.subarray(0, count)
        else {
          const into = useSlab()
          shared.copy(into.bytes, 0, 0, count)
          bytes = into.read(count)
        }
        const isUnderWay = reader.take?.(bytes, slab) === true
        if (count < COPY_BYTES || !isUnderWay) useShared()
        else useSlab()
        return true
      },
    },
  }
  return reader
}
