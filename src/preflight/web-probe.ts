/** One page over HTTP or HTTPS, for checks that ask what a web server does. */
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Endpoint, WebRequest } from './surroundings.ts'

export type WebAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** The Location field, as sent. */
      readonly location: string | undefined
    }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Connected, but no HTTP came back. */
  | { readonly kind: 'not-http'; readonly reason: string }

/** Gets the head of the answer; the body is not read, a redirection not followed. Never throws. */
export function probeWeb(
  { address, port }: Endpoint,
  { scheme, host, path }: WebRequest,
  timeoutMs: number,
): Promise<WebAnswer> {
  return new Promise((resolve) => {
    let isConnected = false
    const finish = (answer: WebAnswer): void => {
      clearTimeout(timer)
      resolve(answer)
      request.destroy()
    }
    const options = {
      host: address,
      port,
      path,
      agent: false as const,
      maxHeaderSize: 32 * 1024,
      headers: { host, accept: 'text/html', 'user-agent': 'lyncgate-preflight' },
    }
    const request =
      scheme === 'http'
        ? requestPlain(options)
        : requestTls({
            ...options,
            servername: host,
            // The certificate is judged apart; servers of 2005 speak TLS 1.0 with old keys.
            rejectUnauthorized: false,
            minVersion: 'TLSv1',
            ciphers: 'DEFAULT:@SECLEVEL=0',
          })
    const timer = setTimeout(
      () =>
        finish(
          isConnected
            ? { kind: 'not-http', reason: 'time-out' }
            : { kind: 'unreachable', reason: 'time-out' },
        ),
      timeoutMs,
    )
    request.on('socket', (socket) => {
      socket.on('connect', () => {
        isConnected = true
      })
    })
    request.on('response', ({ statusCode = 0, headers }) =>
      finish({ kind: 'answer', status: statusCode, location: headers.location }),
    )
    request.on('error', (error: NodeJS.ErrnoException) =>
      finish({
        kind: isConnected ? 'not-http' : 'unreachable',
        reason: error.code === 'ECONNREFUSED' ? 'refused' : (error.code ?? 'unknown'),
      }),
    )
    request.end()
  })
}
