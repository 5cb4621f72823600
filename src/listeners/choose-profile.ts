/** Which of the servers behind a port gets a connection: that of the profile which the name of its client has. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { TlsProfile } from '../config/rules.ts'
import { awaitClientHello, type ClientHello } from './client-hello.ts'
import type { TlsSettings } from './tls-settings.ts'

/** What the clients of these sockets said first, where somebody looked. */
const hellos = new WeakMap<object, ClientHello>()

export interface NodeServers {
  /** That of the listener's own profile. */
  readonly server: Server
  readonly others: ReadonlyMap<TlsProfile, Server>
}

interface ChooserScope {
  readonly handshakeMs: number
  /** The ClientHello was not there in time. */
  readonly onTimeout: (socket: Socket) => void
}

/** Whether the client on this TCP socket can use an ECDSA certificate; undefined: nobody looked. */
export const takesEcdsa = (socket: object | undefined): boolean | undefined =>
  socket && hellos.get(socket)?.takesEcdsa

/** Hands a connection to the server for its name; looks at the ClientHello only where that makes a difference. */
export function chooserOf(
  { server, others }: NodeServers,
  tls: TlsSettings,
  { handshakeMs, onTimeout }: ChooserScope,
): (socket: Socket) => void {
  if (others.size === 0 && !tls.hasBothKinds)
    return (socket) => void server.emit('connection', socket)
  return (socket) =>
    awaitClientHello(socket, handshakeMs, {
      done: (hello) => {
        hellos.set(socket, hello)
        const { serverName } = hello
        const other = serverName === '' ? undefined : others.get(tls.profileOf(serverName))
        void (other ?? server).emit('connection', socket)
      },
      onTimeout: () => {
        onTimeout(socket)
        socket.destroy()
      },
    })
}
