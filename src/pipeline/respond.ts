/** The answers that the proxy makes itself. */
import { type FailureCode, failureOf } from '../base/failure.ts'
import type { ClientAnswer, ClientRequest } from '../forward/client-message.ts'
import type { TracedHead } from '../forward/forward-trace.ts'
import type { OnFault } from '../forward/guarded.ts'
import { endAfterRequest } from '../forward/linger.ts'

export interface OwnAnswer {
  readonly status: number
  readonly text: string
  readonly fields: readonly string[]
  readonly closes: boolean
}

/** The answer for a failure (product.md section 4): short, plain, and without anything internal. */
export function failureAnswer(code: FailureCode, closes: boolean): OwnAnswer {
  const failure = failureOf(code)
  const fields: string[] = []
  if (failure.retryAfterSeconds > 0) fields.push('Retry-After', String(failure.retryAfterSeconds))
  if (failure.status === 405) fields.push('Allow', 'GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH')
  return { status: failure.status, text: failure.text, fields, closes: closes || failure.closes }
}

/** 308 to the same host and target over TLS. */
export const redirectAnswer = (location: string): OwnAnswer => ({
  status: 308,
  text: 'This address is available over HTTPS.',
  fields: ['Location', location],
  closes: false,
})

/** RFC 8555 8.3; white space at the end is no part of it. */
export const challengeAnswer = (keyAuthorization: string): OwnAnswer => ({
  status: 200,
  text: keyAuthorization,
  fields: [],
  closes: false,
})

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** Fields and body of an own answer, framing included. */
function ownAnswerParts(answer: OwnAnswer, id: string): { fields: string[]; body: string } {
  const body = `${answer.text}\n`
  const fields = [
    ...answer.fields,
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'X-Lyncgate-Request-Id',
    id,
  ]
  if (answer.closes) fields.push('Connection', 'close')
  return { fields, body }
}

/** For a trace: the head of an own answer, but for the Date that is written with it. */
export function ownAnswerHead(answer: OwnAnswer, id: string): TracedHead {
  const { status } = answer
  return { status, reason: REASONS[status] ?? 'Error', fields: ownAnswerParts(answer, id).fields }
}

/**
 * Sends an own answer as the answer to `req`. A request body that is still coming is read and thrown away, so that it
 * is never taken for the next request and the answer is not lost to a reset.
 */
export function respond(
  req: ClientRequest,
  res: ClientAnswer,
  answer: OwnAnswer & { id: string; onFault: OnFault },
): void {
  const { fields, body } = ownAnswerParts(answer, answer.id)
  if (!answer.closes && req.httpVersionMinor === 0) fields.push('Connection', 'keep-alive')
  fields.push('Date', new Date().toUTCString())
  res.writeHead(answer.status, REASONS[answer.status] ?? 'Error', fields)
  // A request that announced no body never emits 'end' (`optimizeEmptyRequests`): there is nothing to wait for.
  if (!answer.closes || req.complete || req.readableEnded) {
    res.end(body, 'latin1')
    return
  }
  // Node holds the head back until there is a body, and an answer to HEAD has none.
  if (req.method === 'HEAD') res.flushHeaders()
  else res.write(Buffer.from(body, 'latin1'))
  endAfterRequest(req, answer.onFault, () => res.end())
}

/** An own answer as bytes, for a socket that has no request object: refused upgrades and parse errors. */
export function ownAnswerText(answer: OwnAnswer, id: string): string {
  const { fields, body } = ownAnswerParts(answer, id)
  let text = `HTTP/1.1 ${answer.status} ${REASONS[answer.status] ?? 'Error'}\r\nDate: ${new Date().toUTCString()}\r\n`
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return `${text}\r\n${body}`
}
