/** One stand-in server: the IIS external site of a Front End or Director on loopback, plain and TLS. */

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Accounts } from './accounts.ts'
import type { IssuedCertificate } from './authority.ts'
import { createConnections } from './connections.ts'
import type { LabExchange, LabHandler } from './exchange.ts'
import { closeAll, listenAll } from './listen.ts'
import { type LabFault, openExchange, runHandler } from './open-exchange.ts'
import { createRecorder, type LabRecord } from './records.ts'
import { readTarget } from './target.ts'

/** Ports to bind; 0 or nothing lets the system choose. */
export interface LabPorts {
  readonly http?: number
  readonly https?: number
  /** Stands in for SIP on 5061: accepts TCP connections and says nothing. For `health: tcp:PORT`. */
  readonly sip?: number
}

/** What a server needs from the lab around it. */
export interface LabServerSetup {
  /** `fe01.contoso.local` */
  readonly name: string
  readonly address: string
  readonly ports: LabPorts
  readonly certificate: IssuedCertificate
  readonly site: LabHandler
  readonly websocket: (exchange: LabExchange, head: Buffer) => void
  /** Judges passwords. */
  readonly accounts: Accounts
  /** Next number for `X-Lab-Connection`. */
  readonly nextConnectionId: () => number
  /** Idle time after an answer until the server closes, as IIS does after 120 s; 0: never. */
  readonly keepAliveTimeoutMs: number
  /** The port clients use for TLS, in links and redirects made from plain HTTP. */
  readonly publishedHttpsPort: number
}

/** A running server of the lab. */
export interface LabServer {
  readonly name: string
  readonly address: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly sipPort: number
  readonly certificatePem: string
  /** The last 1000 requests, oldest first. */
  readonly records: readonly LabRecord[]
  readonly openConnections: number
  /** Connections ever accepted on the HTTP and HTTPS ports. */
  readonly acceptedConnections: number
  /** Messages that were not HTTP at all and got a bare 400. */
  readonly malformedCount: number
  /** Trouble to make for every request from now on, `undefined` for none. */
  fault: LabFault | undefined
  /** Resolves with the first record, past or future, that satisfies the condition. */
  waitFor(condition: (record: LabRecord) => boolean): Promise<LabRecord>
  /** Breaks every open connection and keeps listening. */
  dropConnections(): void
  /** Closes the ports and breaks every connection; calling it twice is harmless. */
  stop(): Promise<void>
  /** Opens the same ports again after `stop`. */
  start(): Promise<void>
}

/** Binds the ports and starts to answer. Rejects when a port is taken. */
export async function startLabServer(setup: LabServerSetup): Promise<LabServer> {
  const recorder = createRecorder()
  const connections = createConnections(setup.nextConnectionId)
  const lab = { fault: undefined as LabFault | undefined, malformedCount: 0 }
  const exchangeSetup = { ...setup, recorder, connections }
  let servers: readonly TcpServer[] = []
  let ports = { http: 0, https: 0, sip: 0, ...setup.ports }

  function onRequest(req: IncomingMessage, res: ServerResponse): void {
    runHandler(openExchange(req, res, exchangeSetup), lab.fault, setup.site)
  }

  function onUpgrade(req: IncomingMessage, _socket: Duplex, head: Buffer): void {
    const exchange = openExchange(req, undefined, exchangeSetup)
    runHandler(exchange, lab.fault, () => setup.websocket(exchange, head))
  }

  function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Failed TLS handshakes and resets come here as well; only the parser's complaints are about HTTP.
    if (!error.code?.startsWith('HPE_') || !socket.writable) return void socket.destroy()
    lab.malformedCount += 1
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  }

  function equip(server: Server): Server {
    // Long polls last for 15 minutes and uploads for longer; nothing here may be faster than they are.
    server.requestTimeout = 0
    server.headersTimeout = 0
    server.keepAliveTimeout = setup.keepAliveTimeoutMs
    return server
      .on('request', onRequest)
      .on('checkContinue', onRequest)
      .on('upgrade', onUpgrade)
      .on('clientError', onClientError)
  }

  async function start(): Promise<void> {
    if (servers.length > 0) return
    const { certPem: cert, keyPem: key } = setup.certificate
    const http = equip(createHttpServer(httpOptions)).on('connection', connections.add)
    const https = equip(
      createHttpsServer({ ...httpOptions, cert, key, ALPNProtocols: ['http/1.1'] }),
    )
    https.on('secureConnection', connections.add)
    // A connection that never finishes its TLS handshake must not outlive the lab either.
    https.on('connection', connections.addSilent)
    const sip = createTcpServer(connections.addSilent)
    const [httpPort = 0, httpsPort = 0, sipPort = 0] = await listenAll(setup.address, [
      { server: http, port: ports.http },
      { server: https, port: ports.https },
      { server: sip, port: ports.sip },
    ])
    ports = { http: httpPort, https: httpsPort, sip: sipPort }
    servers = [http, https, sip]
  }

  async function stop(): Promise<void> {
    const closed = closeAll(servers)
    servers = []
    connections.destroyAll()
    await closed
  }

  await start()
  return {
    name: setup.name,
    address: setup.address,
    httpPort: ports.http,
    httpsPort: ports.https,
    sipPort: ports.sip,
    certificatePem: setup.certificate.certPem,
    records: recorder.records,
    get openConnections() {
      return connections.openCount()
    },
    get acceptedConnections() {
      return connections.acceptedCount()
    },
    get malformedCount() {
      return lab.malformedCount
    },
    get fault() {
      return lab.fault
    },
    set fault(fault) {
      lab.fault = fault
    },
    waitFor: recorder.waitFor,
    dropConnections: connections.destroyAll,
    stop,
    start,
  }
}

const httpOptions: ServerOptions = {
  // A web ticket is a whole SAML assertion in one header; http.sys can be set to 64 KiB, the lab takes more.
  maxHeaderSize: 256 * 1024,
  shouldUpgradeCallback: (req) => readTarget(req.url ?? '').path === '/lab/websocket',
}
