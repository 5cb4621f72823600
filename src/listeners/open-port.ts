/**
 * One open TCP port. What it leads to is asked for each connection, so that a configuration is exchanged behind it while
 * the port itself stays open.
 */
import { createServer, type Socket } from 'node:net'
import { BACKLOG, KEEP_ALIVE_PROBE_MS } from './server-settings.ts'

export interface OpenPort {
  /** The port that is really open; it differs from the one asked for only when that was 0. */
  readonly port: number
  /** From now on connections go to `take`, those first that came before. */
  begin(take: (socket: Socket) => void): void
  /** Takes no more connections; open ones go on. */
  close(): void
}

/** `isShared`: other processes open the same port, and the kernel shares out the connections (SO_REUSEPORT). */
export interface PortPlace {
  readonly address: string
  readonly port: number
  readonly isShared: boolean
}

/**
 * Opens the port. Rejects with Node's error (EADDRINUSE, EACCES …).
 * @param onAcceptError a connection could not be accepted, for want of open files for example
 */
export function openPort(
  at: PortPlace,
  onAcceptError: (error: NodeJS.ErrnoException) => void,
): Promise<OpenPort> {
  const held: Socket[] = []
  let take: ((socket: Socket) => void) | undefined
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS },
    (socket) => {
      if (take) return take(socket)
      // An unheard 'error' would end the process.
      socket.on('error', () => {})
      held.push(socket)
    },
  )
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const { address: host, port, isShared: reusePort } = at
    server.listen({ host, port, reusePort, backlog: BACKLOG }, () => {
      server.off('error', reject)
      server.on('error', onAcceptError)
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : at.port,
        begin: (next) => {
          take = next
          for (const socket of held.splice(0)) next(socket)
        },
        close: () => {
          server.close()
          for (const socket of held.splice(0)) socket.destroy()
        },
      })
    })
  })
}
