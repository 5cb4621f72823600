/** The fields of an upgrade and of its answer. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ForwardTrace } from './forward-trace.ts'
import { clientHead, type ResponsePlan } from './response-head.ts'

export type HeadersObject = Record<string, string | string[]>

/** The reason when a 101 does not switch to WebSocket. */
export const NOT_OURS = 'a 101 for something else'

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** RFC 6455 4.1, the client's checks: without a right answer the server has not understood that a tunnel begins. */
export function wrongUpgrade(
  answer: IncomingMessage,
  requestFields: readonly string[],
): string | undefined {
  const { headers } = answer
  if (answer.statusCode !== 101 || headers.upgrade?.toLowerCase() !== 'websocket') return NOT_OURS
  const key = fieldValue(requestFields, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64')
  return headers['sec-websocket-accept'] === accept ? undefined : 'a wrong Sec-WebSocket-Accept'
}

function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() === name) return fields[i + 1]
  }
  return undefined
}

/** Flat fields as the object that http.request takes; case is kept, repeated names are grouped. */
export function headersObject(fields: readonly string[]): HeadersObject {
  const headers: HeadersObject = Object.create(null)
  const spelling = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const lower = (fields[i] as string).toLowerCase()
    // http-proxy looks for these two by their lower-case names.
    const name =
      lower === 'upgrade' || lower === 'connection'
        ? lower
        : (spelling.get(lower) ?? (fields[i] as string))
    spelling.set(lower, name)
    const value = fields[i + 1] as string
    const known = headers[name]
    headers[name] =
      known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value]
  }
  return headers
}

/** The fields of a 101 for the client. */
export const switchingFields = (answer: IncomingMessage, plan: ResponsePlan): HeadersObject =>
  headersObject([...answerFields(answer, plan), 'Connection', 'Upgrade', 'Upgrade', 'websocket'])

/** The server's end-to-end fields, with the affinity cookie. */
export function answerFields(answer: IncomingMessage, plan: ResponsePlan): string[] {
  return clientHead(
    {
      status: answer.statusCode ?? 0,
      reason: answer.statusMessage ?? '',
      fields: answer.rawHeaders,
      framing: 'none',
      contentLength: -1,
      keepsAlive: false,
    },
    plan,
  ).fields
}

/** What the server has answered to an upgrade, and what the client gets of it. */
export function traceAnswer(
  trace: ForwardTrace,
  answer: IncomingMessage,
  plan: ResponsePlan,
): void {
  const { statusCode: status = 0, statusMessage: reason = '' } = answer
  const ends =
    status === 101 ? ['Connection', 'Upgrade', 'Upgrade', 'websocket'] : ['Connection', 'close']
  trace.onServerHead({ status, reason, fields: answer.rawHeaders })
  trace.onClientHead({ status, reason, fields: [...answerFields(answer, plan), ...ends] })
}
