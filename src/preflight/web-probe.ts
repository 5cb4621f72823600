/** One page over HTTP or HTTPS, for checks that ask what a web server does. */
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Endpoint, WebRequest } from './surroundings.ts'

export type WebAnswer =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** The Location field, as sent. */
      readonly location: string | undefined
      /** Names in lower case, values as sent, in their order. */
      readonly fields: readonly Field[]
      /** The first 64 KiB; empty where the request did not want it. */
      readonly body: string
    }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Connected, but no HTTP came back. */
  | { readonly kind: 'not-http'; readonly reason: string }

export type Field = readonly [name: string, value: string]

const mostBodyBytes = 64 * 1024

/**
 * Gets the head of the answer, and the beginning of its body if that is wanted; a redirection is not followed. The
 * time counts for all of it. Never throws.
 */
export function probeWeb(
  { address, port }: Endpoint,
  { scheme, host, path, fields = { accept: 'text/html' }, wantsBody = false }: WebRequest,
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
      headers: { host, ...fields, 'user-agent': 'lyncgate-preflight' },
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
    request.on('response', (response) => {
      if (!wantsBody) return finish(answerOf(response, ''))
      void readSome(response).then((body) => finish(answerOf(response, body)))
    })
    request.on('error', (error: NodeJS.ErrnoException) =>
      finish({
        kind: isConnected ? 'not-http' : 'unreachable',
        reason: error.code === 'ECONNREFUSED' ? 'refused' : (error.code ?? 'unknown'),
      }),
    )
    request.end()
  })
}

const answerOf = (
  { statusCode = 0, headers, rawHeaders }: IncomingMessage,
  body: string,
): WebAnswer => ({
  kind: 'answer',
  status: statusCode,
  location: headers.location,
  fields: pairs(rawHeaders),
  body,
})

const pairs = (raw: readonly string[]): readonly Field[] =>
  Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[2 * index] ?? '').toLowerCase(),
    raw[2 * index + 1] ?? '',
  ])

/** What came until the end, the limit, or a break; a body that is cut short still says something. */
function readSome(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const done = (): void => resolve(Buffer.concat(chunks).subarray(0, mostBodyBytes).toString())
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= mostBodyBytes) done()
    })
    response.on('end', done)
    response.on('error', done)
    response.on('close', done)
  })
}
