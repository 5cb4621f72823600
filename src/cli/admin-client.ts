/** Asks a running proxy at its admin address. The answer is bounded in size and time. */
import { X509Certificate } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { ErrorBody } from '../admin/api-error.ts'
import { failed, ok, type Result } from '../base/result.ts'

export interface AdminTarget {
  readonly host: string
  readonly port: number
  /** `pinnedPem`: exactly this certificate, whatever its names. `ca`: roots; undefined: those of the system. */
  readonly tls: { readonly pinnedPem: string } | { readonly ca: string | undefined } | undefined
  /** Reading needs the token too. */
  readonly isTokenForAll: boolean
  /** Looked for when it is needed. */
  readonly token: () => Promise<Result<string, string>>
}

/** What the proxy said: a body of the kind that was asked for, or why not. */
export interface AdminReply<Body> {
  readonly status: number
  readonly body: Body | (Partial<Body> & ErrorBody)
}

const MOST_BYTES = 16 * 2 ** 20

/** A reload reads files and waits for another one that runs. */
const ANSWER_MS = 120_000

/** `127.0.0.1:9090`. */
export const placeOf = ({ host, port }: AdminTarget): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`

/** The error is a sentence for people. */
export async function askAdmin<Body>(
  target: AdminTarget,
  method: 'GET' | 'POST',
  path: string,
): Promise<Result<AdminReply<Body>, string>> {
  let token: string | undefined
  if (method === 'POST' || target.isTokenForAll) {
    const found = await target.token()
    if (!found.ok) return found
    token = found.value
  }
  let socket: Socket | undefined
  try {
    socket = await connectAdmin(target)
    const reply = await exchange<Body>(socket, { target, method, path, token })
    return ok(reply)
  } catch (error) {
    return failed(explainTrouble(target, error as NodeJS.ErrnoException))
  } finally {
    socket?.destroy()
  }
}

interface Asking {
  readonly target: AdminTarget
  readonly method: string
  readonly path: string
  readonly token: string | undefined
}

async function exchange<Body>(
  socket: Socket,
  { target, method, path, token }: Asking,
): Promise<AdminReply<Body>> {
  const signal = AbortSignal.timeout(ANSWER_MS)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      Host: placeOf(target),
      Connection: 'close',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    }
    request({ createConnection: () => socket, method, path, headers, signal }, resolve)
      .on('error', reject)
      .end()
  })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST_BYTES) throw new NoLyncgate()
    chunks.push(chunk)
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof body === 'object' && body !== null)
      return { status: answer.statusCode ?? 0, body: body as Body }
  } catch {
    // The next line says it.
  }
  throw new NoLyncgate()
}

/** Something answers, in another language. */
class NoLyncgate extends Error {}

/** The certificate that answers is not the one of the file. */
class OtherCertificate extends Error {}

/** A connection that stands, to the very proxy that is meant. */
export async function connectAdmin(target: AdminTarget): Promise<Socket> {
  const { host, port, tls } = target
  if (!tls) {
    const socket = connectTcp({ host, port })
    await standing(socket, 'connect')
    return socket
  }
  const isPinned = 'pinnedPem' in tls
  const options: ConnectionOptions = {
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
    ...(isPinned ? { rejectUnauthorized: false } : tls.ca !== undefined && { ca: tls.ca }),
  }
  const socket = connectTls(options)
  await standing(socket, 'secureConnect')
  // Before a byte of the request, and so of the token, is sent.
  if (isPinned && !isShown(socket, tls.pinnedPem)) {
    socket.destroy()
    throw new OtherCertificate()
  }
  return socket
}

function isShown(socket: TLSSocket, pem: string): boolean {
  try {
    const shown = socket.getPeerX509Certificate()
    return shown?.raw.equals(new X509Certificate(pem).raw) === true
  } catch {
    return false
  }
}

const CONNECT_MS = 10_000

function standing(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(CONNECT_MS, () =>
      socket.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })),
    )
    socket.once('error', reject)
    socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    socket.once(event, () => {
      socket.setTimeout(0)
      socket.on('error', () => {})
      resolve()
    })
  })
}

/** The sentence for people. */
export function explainTrouble(target: AdminTarget, error: NodeJS.ErrnoException): string {
  const place = placeOf(target)
  if (error instanceof OtherCertificate)
    return `${place} shows another certificate than the file of admin.tls.cert: has it been reloaded?`
  if (error instanceof NoLyncgate) return `what answers at ${place} is no lyncgate`
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return (
        `no lyncgate answers at ${place}: is it running, and does its rules file have "admin:"?\n` +
        'hint: if the file has another admin address since the last reload, name the old one with --admin'
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${target.host} cannot be found`
    case 'ECONNRESET':
    case 'EPIPE':
      return `${place} broke off: does it speak ${target.tls ? 'plain HTTP' : 'HTTPS'} instead?`
  }
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `${place} does not answer in time`
  if (error.code?.startsWith('HPE_'))
    return `${place} does not speak HTTP: does it speak ${target.tls ? 'plain HTTP' : 'HTTPS'} instead?`
  if (target.tls && error.code)
    return `the certificate of ${place} is not good (${error.code}): --ca FILE names its authority`
  return `${place} cannot be asked (${error.code ?? error.message})`
}
