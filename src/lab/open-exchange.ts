/** From a request of Node to an exchange of the lab: identifying headers, record, faults. */

import { type IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Accounts } from './accounts.ts'
import type { Connections } from './connections.ts'
import {
  answer,
  cut,
  type LabConnection,
  type LabExchange,
  type LabHandler,
  showUser,
} from './exchange.ts'
import type { RecordEntry, Recorder } from './records.ts'
import { readTarget } from './target.ts'

/** Trouble on request. With several fields set, the delay comes first. */
export interface LabFault {
  /** Wait before the request is handled. */
  readonly delayMs?: number
  /** Answer with this status instead of handling it. */
  readonly status?: number
  /** `cut`: break the connection; `hang`: never answer. */
  readonly instead?: 'cut' | 'hang'
  /** Which requests it is for; default: all of them. */
  readonly when?: (exchange: LabExchange) => boolean
}

/** Where an exchange belongs. */
export interface ExchangeSetup {
  readonly name: string
  readonly recorder: Recorder
  readonly connections: Connections
  readonly accounts: Accounts
  readonly publishedHttpsPort: number
}

/** Opens the exchange: counts, records, and puts the headers on that every answer of the lab carries. */
export function openExchange(
  req: IncomingMessage,
  given: ServerResponse | undefined,
  setup: ExchangeSetup,
): LabExchange {
  const connection = setup.connections.of(req.socket)
  connection.requestCount += 1
  const res = given ?? answerToUpgrade(req)
  const server = setup.name.split('.')[0] ?? setup.name
  const entry = setup.recorder.add(newRecord(req, connection, server))
  watchOutcome(res, connection, entry)
  const identity = {
    Server: 'Microsoft-IIS/10.0',
    'X-Powered-By': 'ASP.NET',
    'X-MS-Server-Fqdn': setup.name,
    'X-Lab-Server': server,
    'X-Lab-Connection': String(connection.id),
    'X-Lab-Request': String(connection.requestCount),
  }
  for (const [name, value] of Object.entries(identity)) res.setHeader(name, value)
  const [host = '', port] = (req.headers.host ?? '').toLowerCase().split(/:(?=\d*$)/)
  const httpsPort = connection.secure ? port : String(setup.publishedHttpsPort)
  const suffix = httpsPort === undefined || httpsPort === '443' ? '' : `:${httpsPort}`
  return {
    req,
    res,
    connection,
    accounts: setup.accounts,
    entry,
    identity,
    target: readTarget(req.url ?? '/'),
    host,
    publicOrigin: `https://${host}${suffix}`,
  }
}

/** Runs a handler behind the fault that is set, and turns what it throws into a 500. */
export function runHandler(
  exchange: LabExchange,
  fault: LabFault | undefined,
  handler: LabHandler,
): void {
  const { res, connection } = exchange
  const applies = fault !== undefined && (fault.when?.(exchange) ?? true)
  const run = async () => {
    if (connection.user) showUser(exchange, connection.user)
    if (!applies) return handler(exchange)
    if (fault.delayMs) await pause(exchange, fault.delayMs)
    if (fault.instead === 'hang') return
    if (fault.instead === 'cut') return cut(exchange)
    if (fault.status) return answer(exchange, { status: fault.status })
    return handler(exchange)
  }
  run().catch((error: unknown) => {
    if (res.headersSent || connection.socket.destroyed) return void connection.socket.destroy()
    answer(exchange, { status: 500, type: 'text/plain', body: String(error) })
  })
}

/** Waits, or until the connection closes. The timer never outlives the connection. */
export function pause({ connection }: LabExchange, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      connection.socket.off('close', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    connection.socket.on('close', done)
  })
}

/** Node gives an upgrade no response; this one serves refusals, after which the connection ends. */
function answerToUpgrade(req: IncomingMessage): ServerResponse {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.assignSocket(req.socket)
  // Node has taken its own listeners off a socket it hands over; a reset must not end the process.
  req.socket.on('error', () => {})
  res.on('finish', () => req.socket.end())
  return res
}

function newRecord(req: IncomingMessage, connection: LabConnection, server: string) {
  const { socket } = connection
  return {
    server,
    connection: connection.id,
    request: connection.requestCount,
    secure: connection.secure,
    tlsServerName:
      socket instanceof TLSSocket && typeof socket.servername === 'string'
        ? socket.servername
        : undefined,
    method: req.method ?? '',
    target: req.url ?? '',
    httpVersion: req.httpVersion,
    rawHeaders: req.rawHeaders,
    outcome: 'pending' as const,
    status: undefined,
    user: undefined,
    durationMs: undefined,
  }
}

function watchOutcome(res: ServerResponse, connection: LabConnection, entry: RecordEntry): void {
  const started = performance.now()
  res.on('close', () => {
    const broken = connection.isDropped ? 'cut' : 'client-left'
    const outcome = res.writableFinished ? 'answered' : broken
    entry.update({
      outcome: entry.record.outcome === 'pending' ? outcome : entry.record.outcome,
      status: res.headersSent ? res.statusCode : entry.record.status,
      durationMs: performance.now() - started,
    })
  })
}
