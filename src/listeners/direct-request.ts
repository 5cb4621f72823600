/**
 * Requests taken over from Node's server before it makes streams for them: a GET needs neither a Readable that ends at once
 * nor a ServerResponse, a long poll would keep both for a quarter of an hour, and of a body only the bytes are wanted.
 *
 * Node's parser has read them as it reads all others, frames their bodies, and still keeps the time of their heads. What is
 * unusual goes on in Node's server, with the message that Node would have made for it.
 */
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAnswer, ClientRequest, TakeBody } from '../forward/client-message.ts'
import { isNamed } from '../forward/fields.ts'
import { DirectAnswer } from './direct-answer.ts'
import { RequestBody } from './request-body.ts'

/**
 * What Node has on a socket that its server reads, and gives no public name. A Node without it fails at the first request;
 * test/integration/requests-go-past-streams.test.ts watches over the rest.
 */
interface ServedSocket extends Socket {
  readonly parser?: NodeParser | null
  /** The answer of Node's own that is being written, or waits to be. */
  readonly _httpMessage?: unknown
}

interface NodeParser {
  incoming: DirectRequest | IncomingMessage | null
  onIncoming: (message: never, keepsAlive: boolean) => number
}

/** For `ServerOptions.IncomingMessage`: the parser fills in the fields, and offers what comes of a body. */
export class DirectRequest implements ClientRequest {
  readonly socket: Socket
  httpVersion = '1.1'
  httpVersionMajor = 1
  httpVersionMinor = 1
  joinDuplicateHeaders = false
  url = ''
  method = ''
  upgrade = false
  rawHeaders: string[] = []
  rawTrailers: string[] = []
  complete = false
  /** Undefined where there is none, as with most requests. */
  body: RequestBody | undefined
  /** Node's mark for a message whose body nobody is to be offered. */
  readonly _dumped = false

  constructor(socket: Socket) {
    this.socket = socket
  }

  get readableLength(): number {
    return this.body?.heldBytes ?? 0
  }

  get readableEnded(): boolean {
    return this.body === undefined || this.body.isEnded
  }

  _addHeaderLines(fields: string[]): void {
    if (this.complete) this.rawTrailers = fields
    else this.rawHeaders = fields
  }

  /** @param bytes null: there are no more */
  push(bytes: Buffer | null): boolean {
    if (!this.body) return true
    try {
      return this.body.add(bytes ?? undefined)
    } catch (error) {
      // A bug, and bytes are lost: nobody is to wait for them.
      this.socket.destroy()
      throw error
    }
  }

  emit(): boolean {
    return false
  }

  on(event: 'data' | 'end', listener: (bytes: Buffer) => void): void {
    this.body?.listen(event, listener)
  }

  once(event: 'end', listener: () => void): void {
    this.body?.once(event, listener)
  }

  off(event: 'data' | 'end', listener: (bytes: Buffer) => void): void {
    this.body?.off(event, listener)
  }

  pause(): void {
    this.body?.pause()
  }

  resume(): void {
    this.body?.resume()
  }

  readInSlabs(take: TakeBody): (() => void) | undefined {
    return this.body?.readInSlabs(take)
  }
}

/**
 * Takes them from now on. To be called when Node's server has begun to read the socket.
 * @param onRequest must not throw
 */
export function takeDirectRequests(
  socket: ServedSocket,
  onRequest: (req: ClientRequest, res: ClientAnswer) => void,
): void {
  const { parser } = socket
  if (!parser) return void socket.destroy()
  const goOn = parser.onIncoming as (message: IncomingMessage, keepsAlive: boolean) => number
  parser.onIncoming = (head: DirectRequest, keepsAlive: boolean): number => {
    // One read can bring a thousand requests. When the connection is cut at one of them, Node parses the others all the same.
    if (socket.destroyed) return 0
    // Behind an answer of Node's that has not left whole, Node has to keep the order. Where the client does not read, Node
    // stops reading what it asks: answers without end would pile up here.
    if (isUsual(head) && !socket._httpMessage && !socket.writableNeedDrain) {
      head.body = bodyOf(head.rawHeaders, socket)
      onRequest(head, new DirectAnswer(socket, head.method === 'HEAD'))
      return 0
    }
    const message = messageOf(head)
    parser.incoming = message
    return goOn(message, keepsAlive)
  }
}

/** HTTP/1.0 and upgrades are left to Node's server. */
const isUsual = (head: DirectRequest): boolean =>
  !head.upgrade && head.httpVersionMajor === 1 && head.httpVersionMinor === 1

/** RFC 9112 6: a body is announced by one of two fields. By length first: most names are passed over with one comparison. */
function bodyOf(rawHeaders: readonly string[], socket: Socket): RequestBody | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 14 && isNamed(name, 'Content-Length', 'content-length'))
      return new RequestBody(socket, rawHeaders[i + 1])
    if (name.length === 17 && isNamed(name, 'Transfer-Encoding', 'transfer-encoding'))
      return new RequestBody(socket, undefined)
  }
  return undefined
}

/** Node's own members that fill a message, as its parser calls them. */
interface FillableMessage extends IncomingMessage {
  upgrade: boolean
  joinDuplicateHeaders: boolean
  _addHeaderLines(fields: string[], count: number): void
}

/** What Node's parser would have made. */
function messageOf(head: DirectRequest): IncomingMessage {
  const message = new IncomingMessage(head.socket) as FillableMessage
  message.httpVersionMajor = head.httpVersionMajor
  message.httpVersionMinor = head.httpVersionMinor
  message.httpVersion = head.httpVersion
  message.joinDuplicateHeaders = head.joinDuplicateHeaders
  message.url = head.url
  message.upgrade = head.upgrade
  message._addHeaderLines(head.rawHeaders, head.rawHeaders.length)
  message.method = head.method
  return message
}
