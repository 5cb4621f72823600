/**
 * Requests without a body, taken over from Node's server before it makes streams for them: a GET needs neither a Readable
 * that ends at once nor a ServerResponse. They are most of what clients send, long polls among them, which would keep
 * those streams for a quarter of an hour.
 *
 * Node's parser has read them as it reads all others, and still keeps the time of their heads. Whatever is more than a plain
 * GET or HEAD goes on in Node's server, with the message that Node would have made for it.
 */
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ClientAnswer, ClientRequest } from '../forward/client-message.ts'
import { BodilessAnswer } from './bodiless-answer.ts'

/**
 * What Node has on a socket that its server reads, and gives no public name. A Node without it fails at the first request;
 * test/integration/requests-without-a-body-go-past-streams.test.ts watches over the rest.
 */
interface ServedSocket extends Socket {
  readonly parser?: NodeParser | null
  /** The answer of Node's own that is being written, or waits to be. */
  readonly _httpMessage?: unknown
}

interface NodeParser {
  incoming: ParsedHead | IncomingMessage | null
  onIncoming: (message: never, keepsAlive: boolean) => number
}

/** For `ServerOptions.IncomingMessage`: the parser fills in the fields. To be a request, it must have no body. */
export class ParsedHead implements ClientRequest {
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
  readonly readableEnded = true
  /** The parser offers no bytes to it. */
  readonly _dumped = true

  constructor(socket: Socket) {
    this.socket = socket
  }

  _addHeaderLines(fields: string[]): void {
    if (this.complete) this.rawTrailers = fields
    else this.rawHeaders = fields
  }

  /** The parser has come to the end. */
  push(): boolean {
    return true
  }

  emit(): boolean {
    return false
  }

  on(): this {
    return this
  }

  once(): this {
    return this
  }

  off(): this {
    return this
  }

  pause(): this {
    return this
  }

  resume(): this {
    return this
  }
}

/**
 * Takes them from now on. To be called when Node's server has begun to read the socket.
 * @param onRequest must not throw
 */
export function takeBodilessRequests(
  socket: ServedSocket,
  onRequest: (req: ClientRequest, res: ClientAnswer) => void,
): void {
  const { parser } = socket
  if (!parser) return void socket.destroy()
  const goOn = parser.onIncoming as (message: IncomingMessage, keepsAlive: boolean) => number
  parser.onIncoming = (head: ParsedHead, keepsAlive: boolean): number => {
    // One read can bring a thousand requests. When the connection is cut at one of them, Node parses the others all the same.
    if (socket.destroyed) return 0
    // Behind an answer of Node's that has not left whole, Node has to keep the order. Where the client does not read, Node
    // stops reading what it asks: answers without end would pile up here.
    if (isBodiless(head, keepsAlive) && !socket._httpMessage && !socket.writableNeedDrain) {
      onRequest(head, new BodilessAnswer(socket, head.method === 'HEAD'))
      return 0
    }
    const message = messageOf(head)
    parser.incoming = message
    return goOn(message, keepsAlive)
  }
}

/** HTTP/1.0, the end of the connection, and what a client expects or upgrades to, are left to Node's server too. */
function isBodiless(head: ParsedHead, keepsAlive: boolean): boolean {
  const { method, rawHeaders } = head
  if ((method !== 'GET' && method !== 'HEAD') || !keepsAlive || head.upgrade) return false
  if (head.httpVersionMajor !== 1 || head.httpVersionMinor !== 1) return false
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (isAboutBody(rawHeaders[i] as string)) return false
  return true
}

/** By length first: most names are passed over with one comparison. */
function isAboutBody(name: string): boolean {
  switch (name.length) {
    case 6:
      return name.toLowerCase() === 'expect'
    case 14:
      return name.toLowerCase() === 'content-length'
    case 17:
      return name.toLowerCase() === 'transfer-encoding'
    default:
      return false
  }
}

/** Node's own members that fill a message, as its parser calls them. */
interface FillableMessage extends IncomingMessage {
  upgrade: boolean
  joinDuplicateHeaders: boolean
  _addHeaderLines(fields: string[], count: number): void
}

/** What Node's parser would have made. */
function messageOf(head: ParsedHead): IncomingMessage {
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
