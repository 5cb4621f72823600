/** A server that records every byte and answers what it reads, in the style that the case asks for. */
import { createServer, type Socket } from 'node:net'
import { type ReadStream, readRequests, strict } from './read-requests.ts'
import type { AnswerStyle } from './request-streams.ts'

export interface TalkingConnection {
  /** latin1 */
  readonly text: string
  readonly isClosed: boolean
  /** One for each request that was answered, in order. */
  readonly tokens: readonly string[]
}

export interface TalkingBackend {
  readonly httpPort: number
  /** Since `begin`. */
  readonly connections: readonly TalkingConnection[]
  /** Forgets everything, for the next case. */
  begin(styles: readonly AnswerStyle[]): void
  stop(): void
}

export async function startTalkingBackend(): Promise<TalkingBackend> {
  let connections: Connection[] = []
  let styles: readonly AnswerStyle[] = []
  let answered = 0
  const sockets = new Set<Socket>()
  const onSocket = (socket: Socket): void => {
    sockets.add(socket)
    const own: Connection = { text: '', isClosed: false, tokens: [] }
    connections.push(own)
    socket.on('data', (bytes) => {
      own.text += bytes.toString('latin1')
      answerAll(own, socket)
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.on('close', () => {
      own.isClosed = true
      sockets.delete(socket)
    })
  }
  const answerAll = (own: Connection, socket: Socket): void => {
    const read = readRequests(own.text, strict)
    for (let method = unanswered(read, own, styleOf()); method; ) {
      const token = `t${answered}`
      const style = styleOf()
      answered++
      own.tokens.push(token)
      const isLast = answer(socket, { token, style, method })
      method = isLast ? undefined : unanswered(read, own, styleOf())
    }
  }
  const styleOf = (): AnswerStyle => styles[Math.min(answered, styles.length - 1)] ?? 'length'
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    httpPort: typeof address === 'object' && address ? address.port : 0,
    get connections() {
      return connections
    },
    begin: (next) => {
      connections = []
      styles = next
      answered = 0
    },
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

interface Connection extends TalkingConnection {
  text: string
  isClosed: boolean
  tokens: string[]
}

/** The method of the next request to answer: one that is whole or, for an early answer, one that has begun. */
function unanswered(
  { requests, begun }: ReadStream,
  { tokens }: TalkingConnection,
  style: AnswerStyle,
): string | undefined {
  const next = requests[tokens.length]
  if (next) return next.method
  return style === 'early' && tokens.length === requests.length ? begun?.method : undefined
}

interface Answer {
  readonly token: string
  readonly style: AnswerStyle
  readonly method: string
}

/** @returns true when nothing may follow it on the connection */
function answer(socket: Socket, { token, style, method }: Answer): boolean {
  const body = method === 'HEAD' ? '' : 'ok'
  const head = `HTTP/1.1 200 OK\r\nX-Token: ${token}\r\n`
  switch (style) {
    case 'length':
    case 'early':
      socket.write(`${head}Content-Length: 2\r\n\r\n${body}`)
      return false
    case 'informed':
      socket.write(
        `HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n${head}Content-Length: 2\r\n\r\n${body}`,
      )
      return false
    case 'chunked':
      socket.write(
        `${head}Transfer-Encoding: chunked\r\n\r\n${body && '2;a\r\nok\r\n0\r\nB: c\r\n\r\n'}`,
      )
      return false
    case 'offers-ntlm':
      socket.write(
        `${head.replace('200 OK', '401 No')}WWW-Authenticate: NTLM\r\nContent-Length: 2\r\n\r\n${body}`,
      )
      return false
    case 'then-close':
      socket.end(`${head}Connection: close\r\nContent-Length: 2\r\n\r\n${body}`)
      return true
    case 'close-delimited':
      // A HEAD request hides the framing, so that its answer must say that the end comes.
      socket.end(`${head}${body ? '' : 'Connection: close\r\n'}\r\n${body}`)
      return true
  }
}
