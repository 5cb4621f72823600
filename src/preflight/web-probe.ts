/** One page over HTTP or HTTPS, for checks that ask what a web server does. */
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { Readable } from 'node:stream'
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

/** What an upload may take besides the time for an answer: 5 MiB at 1 Mbit/s. */
const uploadMs = 45_000

/**
 * Gets the head of the answer, and the beginning of its body if that is wanted; a redirection is not followed. The
 * time counts for all of it; with a body to send there are 45 seconds more. Never throws.
 */
export function probeWeb(
  { address, port }: Endpoint,
  {
    scheme,
    host,
    path,
    fields = { accept: 'text/html' },
    wantsBody = false,
    uploadBytes = 0,
  }: WebRequest,
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
      method: uploadBytes > 0 ? 'POST' : 'GET',
      agent: false as const,
      maxHeaderSize: 32 * 1024,
      headers: {
        host,
        ...fields,
        ...(uploadBytes > 0 ? uploadFields(uploadBytes) : {}),
        'user-agent': 'lyncgate-preflight',
      },
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
      uploadBytes > 0 ? timeoutMs + uploadMs : timeoutMs,
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
    // In pieces, so that an answer that comes before the end is read before a break is met.
    if (uploadBytes > 0) Readable.from(zeros(uploadBytes)).pipe(request)
    else request.end()
  })
}

const uploadFields = (bytes: number) => ({
  'content-type': 'application/octet-stream',
  'content-length': String(bytes),
})

function* zeros(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(64 * 1024)
  for (let rest = bytes; rest > 0; rest -= piece.length) yield piece.subarray(0, rest)
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
