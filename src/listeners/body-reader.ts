/**
 * Large bodies, past the copies that Node's parser makes: the socket is read into slabs, and the parser is shown each piece
 * only so that it keeps count of the body and tells its end. Copying, and the memory for the copies, were a seventh of what
 * a large upload cost.
 */
import type { Socket } from 'node:net'
import type { TakeBody } from '../forward/client-message.ts'
import type { Slab } from '../forward/slab.ts'
import { createSlabReader } from '../forward/slab-reader.ts'

/** Where Node's parser keeps what it calls for a piece of a body (`HTTPParser.kOnBody`). Without it no copy is made. */
const ON_BODY = 3

/**
 * What Node has below a socket, and gives no public name. A socket without it is read as ever;
 * test/integration/large-bodies-go-past-the-parser.test.ts fails then.
 */
interface Handle {
  /** Called after each read and at the end; returns where the next read goes. */
  onread: (bytes: ArrayBuffer | undefined) => unknown
  readonly bytesRead: number
  useUserBuffer(buffer: Buffer): void
}

interface Parser {
  [ON_BODY]: unknown
  /** It reads the socket by itself. */
  readonly _consumed?: boolean
  consume(handle: Handle): void
  unconsume(): void
  execute(bytes: Buffer): unknown
}

interface ReadSocket extends Socket {
  readonly _handle?: Partial<Handle> | null
  readonly parser?: Parser | null
}

/** A socket that was read this way once has its reader to its end: Node gives no way back to its own buffers. */
const readers = new WeakMap<Socket, BodyReader>()

/** Reads the bodies of one connection, one at a time. */
export class BodyReader {
  readonly #socket: ReadSocket
  readonly #handle: Handle
  readonly #reader = createSlabReader()
  /** Where the next read goes. Node has its address only: it must live as long as the socket. */
  #buffer: Buffer
  /** What the socket had read when that was last looked at. */
  #bytesRead = 0
  /** Bytes of the body that are still to come. */
  #left = 0
  #take: TakeBody | undefined

  /** Undefined: the socket cannot be read so. */
  static of(socket: ReadSocket): BodyReader | undefined {
    const { _handle: handle, parser, destroyed } = socket
    const canBeRead = parser?._consumed && typeof parser[ON_BODY] === 'function'
    if (destroyed || !canBeRead || !handle?.useUserBuffer) return undefined
    const known = readers.get(socket)
    if (known) return known
    const reader = new BodyReader(socket, handle as Handle)
    readers.set(socket, reader)
    return reader
  }

  private constructor(socket: ReadSocket, handle: Handle) {
    this.#socket = socket
    this.#handle = handle
    this.#reader.take = (bytes, slab) => this.#onBytes(bytes, slab)
    this.#buffer = this.#reader.onread.buffer()
    const { onread } = handle
    handle.useUserBuffer(this.#buffer)
    handle.onread = (bytes) => {
      // It has become a tunnel, and Node's stream reads it.
      if (!this.#take) return onread.call(handle, copyOf(this.#buffer))
      return this.#hasRead() ? this.#buffer : onread.call(handle, bytes)
    }
  }

  /**
   * The next reads are of a body, of which so many bytes are still to come.
   * @param take must not throw
   */
  start(left: number, take: TakeBody): void {
    this.#left = left
    this.#take = take
    this.#bytesRead = this.#handle.bytesRead
    this.#socket.parser?.unconsume()
  }

  /** The parser reads again. */
  stop(): void {
    if (!this.#take) return
    this.#take = undefined
    const { parser, destroyed } = this.#socket
    if (!destroyed) parser?.consume(this.#handle)
  }

  /** Takes what a read has brought. False: there was none, it is the end or an error. */
  #hasRead(): boolean {
    const { bytesRead } = this.#handle
    const count = bytesRead - this.#bytesRead
    if (count === 0) return false
    this.#bytesRead = bytesRead
    try {
      this.#reader.onread.callback(count, this.#buffer)
      this.#buffer = this.#reader.onread.buffer()
    } catch (error) {
      // A bug, and bytes are lost: nobody is to wait for them.
      this.#socket.destroy()
      throw error
    }
    return true
  }

  /** Returns whether more of the body is to come. */
  #onBytes(bytes: Buffer, slab: Slab | undefined): boolean {
    const body = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    const rest = body === bytes ? undefined : Buffer.from(bytes.subarray(body.length))
    this.#left -= body.length
    slab?.hold()
    this.#take?.(body, slab)
    if (this.#left === 0) this.stop()
    this.#count(body)
    // As Node's server gets bytes that its parser has not read by itself.
    if (rest) this.#socket.emit('data', rest)
    return this.#left > 0
  }

  #count(body: Buffer): void {
    const { parser } = this.#socket
    if (!parser) return
    const onBody = parser[ON_BODY]
    parser[ON_BODY] = null
    try {
      parser.execute(body)
    } finally {
      // Node uses its parsers again, for other connections.
      parser[ON_BODY] = onBody
    }
  }
}

/** Node knows by itself how much of it is filled. */
const copyOf = ({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
