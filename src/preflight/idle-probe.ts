/** One connection that is silent for a long time between two requests: does anything on the way cut it? */
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import { drainAnswer } from './drain-answer.ts'
import type { Endpoint } from './surroundings.ts'

export type IdleAnswer =
  /** The second request was answered on the same connection. */
  | { readonly kind: 'kept' }
  /** It ended while nothing was sent, after so many milliseconds: in order, or by a reset. */
  | { readonly kind: 'cut'; readonly how: 'closed' | 'reset'; readonly afterMs: number }
  /** Nothing was heard, but the second request got no answer: `time-out` or a code of the system. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** There was no connection to hold. */
  | { readonly kind: 'not-held'; readonly reason: string }

export interface IdleOptions {
  readonly host: string
  readonly path: string
  /** How long nothing is sent. */
  readonly durationMs: number
  /** For each of the two answers. */
  readonly timeoutMs: number
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/** The certificate is not verified: nothing secret is sent. Never throws. */
export async function probeIdle(endpoint: Endpoint, options: IdleOptions): Promise<IdleAnswer> {
  // Without an agent: it would send keep-alive probes and heed the server's Keep-Alive field. The line must be silent.
  const socket = connect({
    host: endpoint.address,
    port: endpoint.port,
    servername: options.host,
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  })
  socket.on('error', () => {})
  try {
    const first = await ask(socket, options)
    if (first !== 'open') return { kind: 'not-held', reason: first }
    const cut = await silence(socket, options)
    if (cut) return cut
    const second = await ask(socket, options)
    return second === 'open' || second === closes
      ? { kind: 'kept' }
      : { kind: 'lost', reason: second }
  } finally {
    socket.destroy()
  }
}

const closes = 'the connection is closed after each answer'

/** Resolves when the answer is over: `open`, or why the connection cannot be used again. */
function ask(socket: Socket, { host, path, timeoutMs }: IdleOptions): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({
      createConnection: () => socket,
      path,
      maxHeaderSize: 32 * 1024,
      headers: { host, connection: 'keep-alive', 'user-agent': 'lyncgate-preflight' },
    })
    const fail = ({ code, message }: NodeJS.ErrnoException): void => resolve(code ?? message)
    const timer = setTimeout(() => asked.destroy(new Error('time-out')), timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', fail)
    asked.on('response', (response: IncomingMessage) => {
      drainAnswer(response).then(() => resolve(asked.shouldKeepAlive ? 'open' : closes), fail)
    })
    asked.end()
  })
}

/** Resolves to how the connection ended in that time; undefined: it did not. */
function silence(
  socket: Socket,
  { durationMs, now }: IdleOptions,
): Promise<IdleAnswer | undefined> {
  return new Promise((resolve) => {
    const start = now()
    const finish = (answer?: IdleAnswer): void => {
      clearTimeout(timer)
      socket.off('end', onEnd).off('close', onReset).off('error', onReset)
      resolve(answer)
    }
    const cut = (how: 'closed' | 'reset'): void =>
      finish({ kind: 'cut', how, afterMs: Math.round(now() - start) })
    const onEnd = (): void => cut('closed')
    // A close that no end came before is a reset.
    const onReset = (): void => cut('reset')
    const timer = setTimeout(finish, durationMs)
    socket.on('end', onEnd).on('close', onReset).on('error', onReset)
    // An end is heard only by who reads.
    socket.resume()
    if (socket.destroyed) onEnd()
  })
}
