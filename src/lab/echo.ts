/** `/lab/echo`: says exactly what arrived. */

import { createHash } from 'node:crypto'
import { acceptBody, answerJson, type LabExchange } from './exchange.ts'

/** The JSON body of `/lab/echo`. */
export interface LabEcho {
  readonly method: string
  /** The request target, byte for byte. */
  readonly target: string
  readonly httpVersion: string
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  readonly rawTrailers: readonly string[]
  readonly body: {
    readonly bytes: number
    /** SHA-256, hexadecimal. */
    readonly sha256: string
  }
}

/** Reads the whole body, keeps none of it, and answers with a `LabEcho`. */
export async function echo(exchange: LabExchange): Promise<void> {
  const { req } = exchange
  const body = await digestBody(exchange)
  const echoed: LabEcho = {
    method: req.method ?? '',
    target: req.url ?? '',
    httpVersion: req.httpVersion,
    rawHeaders: req.rawHeaders,
    rawTrailers: req.rawTrailers,
    body,
  }
  answerJson(exchange, echoed)
}

/** Counts and hashes the request body as it streams by. Rejects when the client leaves in the middle. */
export async function digestBody(exchange: LabExchange): Promise<LabEcho['body']> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of acceptBody(exchange)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}
