/** One request inside the lab, and the few ways to answer it. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Accounts } from './accounts.ts'
import type { RecordEntry } from './records.ts'
import type { LabTarget } from './target.ts'
import { accountOf, type LabUser } from './users.ts'

/** What the lab knows about a TCP connection. NTLM binds its user to this, not to a request. */
export interface LabConnection {
  readonly id: number
  readonly socket: Socket
  readonly secure: boolean
  requestCount: number
  /** The lab itself broke it. */
  isDropped: boolean
  user: LabUser | undefined
  /** The NTLM challenge of 8 bytes that waits for its type 3. */
  challenge: Buffer | undefined
}

/** A request on its way through the lab's site. */
export interface LabExchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly connection: LabConnection
  readonly accounts: Accounts
  readonly entry: RecordEntry
  /** The headers that say who answers, as set on every answer. */
  readonly identity: Readonly<Record<string, string>>
  readonly target: LabTarget
  /** The Host header's name: lower case, without the port. */
  readonly host: string
  /** `https://` and the name and port under which the client reaches this host by TLS. */
  readonly publicOrigin: string
}

/** Answers one exchange, now or later. A throw is a bug and becomes a 500. */
export type LabHandler = (exchange: LabExchange) => void | Promise<void>

/** An answer with a whole body. */
export interface WholeAnswer {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

/** Sends a whole answer with Content-Length; without its body when the request was HEAD. */
export function answer({ req, res }: LabExchange, whole: WholeAnswer): void {
  const body = Buffer.from(whole.body ?? '')
  res.statusCode = whole.status ?? 200
  if (body.length > 0) res.setHeader('Content-Type', whole.type ?? 'text/html; charset=utf-8')
  for (const [name, value] of Object.entries(whole.headers ?? {})) res.setHeader(name, value)
  // A 304 describes the answer that is not sent; a length of its own would be a lie.
  if (res.statusCode !== 304 && res.statusCode !== 204) res.setHeader('Content-Length', body.length)
  res.end(req.method === 'HEAD' ? undefined : body)
}

/** Sends a value as JSON. */
export function answerJson(exchange: LabExchange, value: unknown, whole: WholeAnswer = {}): void {
  answer(exchange, {
    type: 'application/json; charset=utf-8',
    ...whole,
    body: JSON.stringify(value),
  })
}

/** Lets the client send the body it announced with `Expect: 100-continue`; call it before reading one. */
export function acceptBody({ req, res }: LabExchange): IncomingMessage {
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
  return req
}

/**
 * Reads a small body (at most 64 KiB, the rest is dropped).
 * Resolves with what arrived; rejects when the client leaves in the middle.
 */
export async function readSmallBody(exchange: LabExchange): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of acceptBody(exchange)) {
    if (size < 64 * 1024) chunks.push(chunk)
    size += chunk.length
  }
  return Buffer.concat(chunks)
}

/** Breaks the connection without another byte, and says so in the record. */
export function cut({ connection, entry }: LabExchange): void {
  entry.update({ outcome: 'cut' })
  connection.socket.destroy()
}

/** Says in the answer and in the record whose request this is. */
export function showUser({ res, entry }: LabExchange, user: LabUser): void {
  res.setHeader('X-Lab-User', accountOf(user))
  entry.update({ user: accountOf(user) })
}
