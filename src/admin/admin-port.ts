/**
 * The admin address as one of the ports that follow the rules file. Token and certificate are looked up for each request
 * and connection, so a reload changes them without closing the port.
 */
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { LoadedCertificate } from '../certificates/certificate.ts'
import type { AdminRule } from '../config/rules.ts'
import type { OwnPort, OwnPortKind } from '../runtime/own-ports.ts'
import { createAdminApp } from './admin-app.ts'
import { describeStatus } from './describe-status.ts'
import { LiveFeed } from './live/live-feed.ts'
import type { AdminScope } from './scope.ts'
import { type TokenFile, writeTokenFile } from './token-file.ts'

/** One administrator and a few scrapers; a flood must not take the files that clients need. */
const CONNECTIONS = 100
const HANDSHAKE_MS = 10_000

/** How long an answer in progress may take when the port is closed. */
const LAST_ANSWER_MS = 2_000

/** It asks for nothing of the scope before it is opened. */
export const adminPort = (scope: AdminScope): OwnPortKind => ({
  name: 'admin',
  wanted: ({ admin }) => admin && { address: admin.address, port: admin.port },
  open: ({ admin }) => {
    if (!admin) throw new Error('asked to open an admin port that nobody wants')
    return openAdminPort(admin, scope)
  },
})

async function openAdminPort(rule: AdminRule, scope: AdminScope): Promise<OwnPort> {
  let own: TokenFile | undefined
  const live = new LiveFeed({
    look: scope.look,
    status: () => describeStatus(scope),
    now: scope.now,
    onFault: (error) => scope.logger.error({ err: error }, 'fault outside an exchange'),
  })
  const app = await createAdminApp({ ...scope, live, ownToken: () => own?.token })
  const { server: http } = app
  const tls = tlsInFrontOf(http)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const { rules, admin } = scope.runtime.built
    // Not in force yet.
    if (!rules.admin || !admin) socket.destroy()
    else if (admin.certificate) tls.take(socket, admin.certificate)
    else http.emit('connection', socket)
  })
  server.maxConnections = CONNECTIONS
  const port = await listen(server, rule)

  let isKnown = false
  let lastToken: string | undefined
  const follow = (): void => {
    const { token } = scope.runtime.built.admin ?? {}
    if (isKnown && token !== lastToken) live.dismiss()
    isKnown = true
    lastToken = token
    if (token !== undefined) {
      own?.remove()
      own = undefined
    } else if (!own) {
      own = writeTokenFile(scope.tokenDirectories, port)
      if (own) scope.logger.info({ file: own.path }, 'admin actions need the token in this file')
      else scope.logger.warn('admin actions are off: no place for a token, name one as admin.token')
    }
  }
  const close = async (): Promise<void> => {
    own?.remove()
    live.stop()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    http.close() // ends idle connections, and the timer that looks for late requests
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, LAST_ANSWER_MS)
    await closed
    clearTimeout(timer)
    await app.close()
  }
  return { port, close, follow }
}

/** TLS that shows the certificate in force. */
function tlsInFrontOf(http: NetServer): {
  take(socket: Socket, certificate: LoadedCertificate): void
} {
  const server = createTlsServer({ handshakeTimeout: HANDSHAKE_MS, ...VERSIONS })
  server.on('secureConnection', (socket) => http.emit('connection', socket))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  let shown: LoadedCertificate | undefined
  return {
    take: (socket, certificate) => {
      if (shown !== certificate)
        server.setSecureContext({
          ...VERSIONS,
          cert: certificate.certPem,
          key: certificate.keyPem,
        })
      shown = certificate
      server.emit('connection', socket)
    },
  }
}

const VERSIONS: TlsOptions = { minVersion: 'TLSv1.2' }

function listen(server: NetServer, { address, port }: AdminRule): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', reject)
      server.on('error', () => {})
      const at = server.address()
      resolve(typeof at === 'object' && at ? at.port : port)
    })
  })
}
