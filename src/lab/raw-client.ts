/** A tiny HTTP/1.1 client for one connection: what is sent and received is exactly what the caller sees. */

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where to connect. With `tls` the certificate is verified against `ca` and `serverName`. */
export interface RawClientTarget {
  readonly port: number
  readonly host?: string
  /** The address to come from; left out: the system's choice. */
  readonly localAddress?: string
  readonly tls?: { readonly ca: string; readonly serverName: string }
}

/** One response, informational ones (1xx) included. */
export interface RawResponse {
  readonly status: number
  readonly reason: string
  /** Names and values in the order, case and number received. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly trailers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  /** The first value of a header, whatever its case. */
  header(name: string): string | undefined
  /** Every value of a header. */
  all(name: string): readonly string[]
}

/** One connection. */
export interface RawClient {
  readonly socket: Socket
  /** Writes bytes as they are. */
  send(data: string | Buffer): void
  /** Reads the next response. `HEAD` has no body. Rejects when the connection ends inside or before it. */
  read(method?: string): Promise<RawResponse>
  /** Sends a request with these header lines and reads its response. */
  request(line: string, headers?: readonly string[], body?: string | Buffer): Promise<RawResponse>
  /** The bytes that came in and were not read as a response: frames of a WebSocket. Waits for at least one. */
  readBytes(): Promise<Buffer>
  /** Resolves when the connection is gone, however it ended. */
  readonly closed: Promise<void>
  close(): void
}

/** Connects. Rejects when nobody listens or the certificate does not hold. */
export async function connectRaw(target: RawClientTarget): Promise<RawClient> {
  const { host = '127.0.0.1', port, tls, localAddress } = target
  const way = { host, port, ...(localAddress === undefined ? {} : { localAddress }) }
  const socket = tls
    ? connectTls({
        ...way,
        ca: tls.ca,
        servername: tls.serverName,
        ALPNProtocols: ['http/1.1'],
      })
    : connectTcp(way)
  await once(socket, tls ? 'secureConnect' : 'connect')
  const input = createInput(socket)

  async function read(method = 'GET'): Promise<RawResponse> {
    const [statusLine = '', ...lines] = (await input.until('\r\n\r\n')).split('\r\n')
    const [, status = '', reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(statusLine) ?? []
    if (!status) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`)
    const headers = lines.map(splitHeader)
    const find = (name: string) =>
      headers.filter(([own]) => own.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
    const hasBody = method !== 'HEAD' && !/^(1..|204|304)$/.test(status)
    const content = hasBody ? await readBody(input, find) : { body: Buffer.alloc(0), trailers: [] }
    return {
      status: Number(status),
      reason,
      headers,
      ...content,
      header: (name) => find(name)[0],
      all: find,
    }
  }

  function request(line: string, headers: readonly string[] = [], body: string | Buffer = '') {
    const bytes = Buffer.from(body)
    const length = bytes.length > 0 ? [`Content-Length: ${bytes.length}`] : []
    const head = [`${line} HTTP/1.1`, ...headers, ...length, '', ''].join('\r\n')
    socket.write(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
    return read(line.split(' ')[0])
  }

  return {
    socket,
    send: (data) => socket.write(data),
    read,
    request,
    readBytes: input.some,
    closed: input.closed,
    close: () => socket.destroy(),
  }
}

interface Input {
  /** The text before the mark; the mark is consumed. */
  until(mark: string): Promise<string>
  exactly(bytes: number): Promise<Buffer>
  some(): Promise<Buffer>
  toEnd(): Promise<Buffer>
  readonly closed: Promise<void>
}

function createInput(socket: Socket): Input {
  // Pieces are joined only when they are looked at: joining on arrival makes a large body quadratic.
  let pieces: Buffer[] = []
  let size = 0
  let isOver = false
  let wake = () => {}
  const finish = () => {
    isOver = true
    wake()
  }
  const keep = (piece: Buffer) => {
    pieces.push(piece)
    size += piece.length
    wake()
  }
  socket.on('data', keep)
  // A reset is one of the ways a connection ends; readers learn of it like of any other end.
  socket.on('error', () => {})
  socket.on('end', finish)
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      finish()
      resolve()
    })
  })

  async function more(): Promise<void> {
    if (isOver) throw new Error('the connection ended before the response was complete')
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }

  function joined(): Buffer {
    const whole = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
    pieces = [whole]
    return whole
  }

  function take(bytes: number): Buffer {
    const whole = joined()
    pieces = [whole.subarray(bytes)]
    size = whole.length - Math.min(bytes, whole.length)
    return whole.subarray(0, bytes)
  }

  return {
    async until(mark) {
      while (!joined().includes(mark)) await more()
      const text = take(joined().indexOf(mark)).toString('latin1')
      take(mark.length)
      return text
    },
    async exactly(bytes) {
      while (size < bytes) await more()
      return take(bytes)
    },
    async some() {
      while (size === 0) await more()
      return take(size)
    },
    async toEnd() {
      while (!isOver) await more()
      return take(size)
    },
    closed,
  }
}

async function readBody(input: Input, find: (name: string) => readonly string[]) {
  const none: readonly (readonly [string, string])[] = []
  if (find('transfer-encoding').some((coding) => /chunked/i.test(coding))) return readChunks(input)
  const length = find('content-length')[0]
  const body = length === undefined ? await input.toEnd() : await input.exactly(Number(length))
  return { body, trailers: none }
}

async function readChunks(input: Input) {
  const chunks: Buffer[] = []
  for (;;) {
    const size = Number.parseInt(await input.until('\r\n'), 16)
    if (size === 0) break
    chunks.push(await input.exactly(size))
    await input.until('\r\n')
  }
  const trailers: (readonly [string, string])[] = []
  for (let line = await input.until('\r\n'); line !== ''; line = await input.until('\r\n')) {
    trailers.push(splitHeader(line))
  }
  return { body: Buffer.concat(chunks), trailers }
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}
