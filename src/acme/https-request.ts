/** One request to an authority over HTTPS: verified, without redirects, bounded in time and size. */
import { type RequestOptions, request } from 'node:https'
import { AcmeTrouble } from './acme-trouble.ts'

export interface HttpsRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  /** PEM; undefined: the usual roots. */
  readonly roots: string | undefined
  readonly body?: string | undefined
  readonly signal: AbortSignal
}

export interface HttpsAnswer {
  readonly status: number
  readonly body: string
  field(name: string): string | undefined
}

/** For the whole exchange. Issuing may take an authority long, but it answers `processing` meanwhile. */
const TIME_MS = 30_000

/** A long chain is 20 KB. */
const MAX_BODY = 256 * 1024

const MAX_HEAD = 32 * 1024

/** Rejects with AcmeTrouble or an error of the system. Redirects are answers like others. */
export function requestHttps({
  method,
  url,
  roots,
  body,
  signal,
}: HttpsRequest): Promise<HttpsAnswer> {
  // A directory over TLS must not lead to a plain one.
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    return Promise.reject(
      new AcmeTrouble({
        type: 'badAnswer',
        detail: 'the authority gave an address that is not https',
      }),
    )
  }
  const options: RequestOptions = {
    method,
    agent: false,
    maxHeaderSize: MAX_HEAD,
    minVersion: 'TLSv1.2',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIME_MS)]),
    headers: {
      'User-Agent': 'lyncgate',
      Accept: '*/*',
      ...(body === undefined
        ? {}
        : { 'Content-Type': 'application/jose+json', 'Content-Length': Buffer.byteLength(body) }),
    },
    ...(roots === undefined ? {} : { ca: roots }),
  }
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(signal.aborted ? error : timely(error))
    const call = request(url, options, (answer) => {
      const chunks: Buffer[] = []
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length
        chunks.push(chunk)
        if (length <= MAX_BODY) return
        reject(new AcmeTrouble({ type: 'badAnswer', detail: 'the answer is too large' }))
        call.destroy()
      })
      answer.on('error', fail)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({
          status: answer.statusCode ?? 0,
          body: text,
          field: (name) => {
            const value = answer.headers[name]
            return Array.isArray(value) ? value[0] : value
          },
        })
      })
      answer.on('aborted', () =>
        reject(new AcmeTrouble({ type: 'badAnswer', detail: 'the answer broke off' })),
      )
    })
    call.on('error', fail)
    call.end(body)
  })
}

/** The time-out comes as an abort. */
const timely = (error: Error): Error =>
  error.name === 'AbortError' || error.name === 'TimeoutError'
    ? new AcmeTrouble({ type: 'ETIMEDOUT', detail: `no answer within ${TIME_MS / 1000} s` })
    : error
