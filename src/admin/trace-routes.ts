/** `POST /api/traces` and its end. */

import { parseDuration } from '../base/duration.ts'
import { failed, ok, type Result } from '../base/result.ts'
import { readClient, type TraceRequest, traceLimits } from '../trace/trace-request.ts'
import type { ApiError } from './api-error.ts'
import type { Answer, Asked } from './routes.ts'
import type { RunningTraces } from './running-traces.ts'

export interface TraceRoutesScope {
  readonly traces: RunningTraces
}

export function startTrace({ query, peer }: Asked, { traces }: TraceRoutesScope): Answer {
  const request = readTraceQuery(query)
  if (!request.ok) return { error: request.error }
  if (traces.isFull) {
    const message = `there are ${traceLimits.traces} traces already`
    return { error: { code: 'too-many-traces', message, hint: 'wait for one to end' } }
  }
  return { stream: traces.start(request.value, peer), contentType: 'application/x-ndjson' }
}

export function stopTrace({ params }: Asked, { traces }: TraceRoutesScope): Answer {
  const id = params['id'] ?? ''
  if (traces.stop(id)) return { body: { id } }
  const hint = 'it has ended, or its id is another one'
  return { error: { code: 'unknown-trace', message: 'there is no such trace', hint } }
}

const DEFAULT_FOR = '10m'
const KNOWN = new Set(['client', 'for', 'host', 'rule', 'bodies', 'exchanges', 'bytes'])

/** What to trace, or which part of the query is wrong. */
export function readTraceQuery(
  query: Readonly<Record<string, unknown>>,
): Result<Omit<TraceRequest, 'id'>, ApiError> {
  const wrong = (message: string, hint: string) =>
    failed<ApiError>({ code: 'bad-request', message, hint })
  for (const [name, value] of Object.entries(query)) {
    if (!KNOWN.has(name)) return wrong('a key is not known', `keys: ${[...KNOWN].join(', ')}`)
    if (typeof value !== 'string') return wrong(`"${name}" is there twice`, 'say it once')
    if (value.length > 300) return wrong(`"${name}" is too long`, 'at most 300 characters')
  }
  const { client, host, rule, bodies, ...rest } = query as Readonly<Record<string, string>>
  const network = readClient(client ?? '')
  if (network === undefined)
    return wrong('"client" is no address', 'such as client=192.0.2.7, or a network: 192.0.2.0/28')
  const forMs = parseDuration(rest['for'] ?? DEFAULT_FOR)
  if (!forMs.ok || forMs.value < 1_000 || forMs.value > traceLimits.forMs)
    return wrong('"for" is no time to trace', 'from 1s to 8h')
  const maxExchanges = countOf(rest['exchanges'], traceLimits.exchanges)
  const maxBytes = countOf(rest['bytes'], traceLimits.bytes)
  if (maxExchanges === undefined) return wrong('"exchanges"', `1 to ${traceLimits.exchanges}`)
  if (maxBytes === undefined) return wrong('"bytes"', `1 to ${traceLimits.bytes}`)
  if (bodies !== undefined && bodies !== 'on' && bodies !== 'off')
    return wrong('"bodies" is on or off', 'leave it out for off')
  return ok({
    client: network,
    host: host?.toLowerCase(),
    rule,
    bodies: bodies === 'on',
    forMs: forMs.value,
    maxExchanges,
    maxBytes,
  })
}

function countOf(text: string | undefined, most: number): number | undefined {
  if (text === undefined) return most
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= most ? count : undefined
}
