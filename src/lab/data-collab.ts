/** `/DataCollabWeb`: uploads and downloads of any size, in constant memory. */

import { pipeline } from 'node:stream/promises'
import { digestBody } from './echo.ts'
import { answer, answerJson, type LabExchange } from './exchange.ts'
import { payloadStream } from './payload.ts'
import { demandTicket } from './web-ticket.ts'

/** Handles everything below `/DataCollabWeb`. */
export function dataCollab(exchange: LabExchange): void | Promise<void> {
  switch (exchange.target.path.replace('/datacollabweb', '')) {
    case '/upload':
      return upload(exchange)
    case '/upload/refuse':
      return refuseUpload(exchange)
    case '/upload/challenge':
      return challengeUpload(exchange)
    case '/download':
      return download(exchange)
    default:
      return answerJson(exchange, { directory: 'DataCollabWeb' })
  }
}

/** Takes the body, `Expect: 100-continue` included, and tells its length and digest. */
async function upload(exchange: LabExchange): Promise<void> {
  const { method } = exchange.req
  if (method !== 'POST' && method !== 'PUT') return answer(exchange, { status: 405 })
  answerJson(exchange, await digestBody(exchange))
}

/** Too large, said before any of the body was read; the connection ends, as the rest would be in the way. */
function refuseUpload(exchange: LabExchange): void {
  answer(exchange, {
    status: 413,
    type: 'text/plain',
    headers: { Connection: 'close' },
    body: 'The request entity is too large.\n',
  })
}

/** The answer comes at once; the body is read to its end and dropped, so that the connection stays usable. */
function challengeUpload(exchange: LabExchange): void {
  demandTicket(exchange, '28032;reason="The web ticket is missing."')
  exchange.req.resume()
}

/** `?bytes=N`: the payload from 0 to N, chunked; with `&length=1` under a Content-Length. */
async function download(exchange: LabExchange): Promise<void> {
  const { req, res, target } = exchange
  const bytes = Number(target.query.get('bytes') ?? 1024)
  if (!Number.isSafeInteger(bytes) || bytes < 0) return answer(exchange, { status: 400 })
  res.setHeader('Content-Type', 'application/octet-stream')
  if (target.query.get('length') === '1') res.setHeader('Content-Length', bytes)
  if (req.method === 'HEAD') return void res.end()
  await pipeline(payloadStream(0, bytes), res)
}
