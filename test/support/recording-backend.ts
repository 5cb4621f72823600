/** A deliberately lenient back end: it records every byte of every connection and answers what the test says. */
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Test } from 'tap'
import type { IssuedCertificate } from '../../src/lab/authority.ts'

export interface RecordedConnection {
  readonly socket: Socket
  /** Everything that arrived, latin1. */
  readonly text: string
  readonly isClosed: boolean
  /** Resolves when the recorded text fits; rejects when the connection closes before. */
  until(fits: (text: string) => boolean): Promise<string>
}

export interface RecordingBackend {
  readonly httpPort: number
  /** The same port: it speaks TLS when there is a certificate, else it never will. */
  readonly httpsPort: number
  /** In the order in which they were opened. */
  readonly connections: readonly RecordedConnection[]
  /** Resolves with the n-th connection (0 is the first), also one that stands already. */
  connection(index: number): Promise<RecordedConnection>
  /** Closes the port and breaks every connection. */
  stop(): Promise<void>
}

/**
 * Starts it on a port of the system's choice.
 * @param answer called with each piece of bytes; what it writes to the socket goes out as it is
 */
export async function startRecordingBackend(
  t: Test,
  answer: (socket: Socket, recorded: string, connection: number) => void = () => {},
  certificate?: IssuedCertificate,
): Promise<RecordingBackend> {
  const connections: RecordedConnection[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of [...waiting]) look()
  }
  const onSocket = (socket: Socket): void => {
    const index = connections.length
    const own = {
      socket,
      text: '',
      isClosed: false,
      until: (fits: (text: string) => boolean) => until(own, fits),
    }
    connections.push(own)
    socket.on('data', (bytes) => {
      own.text += bytes.toString('latin1')
      answer(socket, own.text, index)
      tell()
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.on('close', () => {
      own.isClosed = true
      tell()
    })
    tell()
  }
  const server = certificate
    ? createTlsServer(
        { allowHalfOpen: true, cert: certificate.certPem, key: certificate.keyPem },
        onSocket,
      )
    : createServer({ allowHalfOpen: true }, onSocket)
  const until = (own: RecordedConnection, fits: (text: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!fits(own.text) && !own.isClosed) return
        waiting.delete(look)
        if (fits(own.text)) resolve(own.text)
        else reject(new Error(`the connection closed with: ${JSON.stringify(own.text)}`))
      }
      waiting.add(look)
      look()
    })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = (): Promise<void> => {
    for (const { socket } of connections) socket.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  t.teardown(() => void stop())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    httpPort: port,
    httpsPort: port,
    connections,
    stop,
    connection: (index) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = connections[index]
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}
