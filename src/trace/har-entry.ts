/**
 * An exchange as entries of an HTTP Archive ("HAR 1.2 Spec", softwareishard.com): one for what the client sent and got,
 * and one for what a server was sent and answered. Names that begin with `_` are ours, as the format allows.
 */
import type { TracedHead } from '../forward/forward-trace.ts'
import type { AccessRecord } from '../observe/access-log.ts'
import { redactTarget } from '../observe/redact.ts'
import { fieldValue, type RecordedBody } from './body-recorder.ts'
import type { ExchangeTrace } from './exchange-trace.ts'
import { redactFields, requestCookies, responseCookies } from './redact-fields.ts'

/** The pages that entries belong to: both sides of the proxy. */
export const CLIENT_PAGE = 'client'
export const SERVER_PAGE = 'server'

export interface EntryMoments {
  /** Monotonic milliseconds of now. */
  readonly nowMs: number
  /** Milliseconds since 1970 of now. */
  readonly wallMs: number
}

export interface EntrySettings {
  /** False: the trace ends before the exchange does. */
  readonly isOver: boolean
  /** False: what was recorded for another trace is not shown. */
  readonly bodies: boolean
  readonly moments: EntryMoments
}

interface Message {
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  readonly fields: readonly string[]
  readonly bodyBytes: number
  readonly body: RecordedBody | undefined
}

interface Answer {
  readonly head: TracedHead | undefined
  readonly bodyBytes: number
  readonly body: RecordedBody | undefined
}

export function harEntries(
  trace: ExchangeTrace,
  record: AccessRecord,
  { isOver, bodies, moments }: EntrySettings,
): readonly object[] {
  const { subject, serverHead, clientHead } = trace
  const { rawHeaders } = subject.req
  const requestBody = bodies ? trace.requestBody?.read(rawHeaders) : undefined
  const responseBody = bodies ? trace.responseBody?.read(clientHead?.fields ?? []) : undefined
  const attempt = trace.attempts.at(-1)
  const facts = factsOf(trace, record, isOver)
  const commentOf = commentsOf(record, isOver)
  const client = entryOf({
    page: CLIENT_PAGE,
    startedAt: wallTime(moments, subject.startedAtMs),
    request: {
      method: record.method,
      url: clientUrl(record),
      httpVersion: `HTTP/${subject.req.httpVersion}`,
      fields: rawHeaders,
      bodyBytes: record.requestBytes,
      body: requestBody,
    },
    answer: { head: clientHead, bodyBytes: record.responseBytes, body: responseBody },
    timings: timingsOf(trace, subject.startedAtMs, moments.nowMs),
    more: { connection: record.client, comment: commentOf, _lyncgate: facts },
  })
  if (trace.sentHead === undefined || trace.sentAtMs === undefined) return [client]
  const { line, fields } = splitHead(trace.sentHead)
  const isNew = attempt !== undefined && attempt.reason === undefined
  const startMs = isNew ? attempt.startedAtMs : trace.sentAtMs
  const server = entryOf({
    page: SERVER_PAGE,
    startedAt: wallTime(moments, startMs),
    request: {
      method: record.method,
      url: `${record.tls ? 'https' : 'http'}://${bracketed(record.server ?? '')}${pathOf(line.split(' ')[1] ?? '/')}`,
      httpVersion: 'HTTP/1.1',
      fields,
      bodyBytes: record.requestBytes,
      body: requestBody,
    },
    answer: { head: serverHead, bodyBytes: record.responseBytes, body: responseBody },
    timings: timingsOf(trace, startMs, moments.nowMs),
    more: {
      ...(attempt?.address !== undefined && { serverIPAddress: attempt.address }),
      ...(attempt?.localPort !== undefined && { connection: String(attempt.localPort) }),
      comment: commentOf,
      _lyncgate: { id: record.id },
    },
  })
  return [client, server]
}

/** `fe80::1:4443` needs brackets in a URL: the address ends at the last colon. */
function bracketed(server: string): string {
  const colon = server.lastIndexOf(':')
  const address = server.slice(0, colon)
  return address.includes(':') ? `[${address}]${server.slice(colon)}` : server
}

function clientUrl({ tls, host, target }: AccessRecord): string {
  // Whatever a client says it is for, the archive stays one that can be read.
  const name = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(host)
    ? host
    : 'no-host.invalid'
  return `${tls ? 'https' : 'http'}://${name}${pathOf(target)}`
}

/** A URL of an archive has no fragment; targets are shown as they were sent otherwise. */
function pathOf(target: string): string {
  const text = redactTarget(target).replaceAll('#', '%23')
  return text.startsWith('/') ? text : `/${text}`
}

function factsOf(trace: ExchangeTrace, record: AccessRecord, isOver: boolean): object {
  const { host: _host, target: _target, method: _method, userAgent: _agent, ...rest } = record
  return {
    ...rest,
    outcome: isOver ? record.outcome : 'in-progress',
    decision: trace.decision,
    backendConnection:
      trace.sentHead === undefined ? 'none' : record.connectMs === undefined ? 'kept' : 'new',
    attempts: trace.attempts.map(({ server, source, startedAtMs, endedAtMs, address, reason }) => ({
      server,
      source,
      address,
      ms: endedAtMs === undefined ? null : rounded(endedAtMs - startedAtMs),
      outcome: endedAtMs === undefined ? 'in progress' : (reason ?? 'connected'),
    })),
  }
}

function commentsOf(record: AccessRecord, isOver: boolean): string {
  const by = record.server === undefined ? 'no server' : `${record.server} by ${record.affinity}`
  const pin = record.pinned ? ', pinned' : ''
  const rule = record.rule === undefined ? 'no rule' : `rule "${record.rule}"`
  const end = isOver ? record.outcome : 'still in progress when the trace ended'
  const why = record.reason === undefined ? '' : ` (${record.reason.slice(0, 500)})`
  return `${end}${why}: ${rule}, ${by}${pin}`
}

interface EntryParts {
  readonly page: string
  readonly startedAt: string
  readonly request: Message
  readonly answer: Answer
  readonly timings: Timings
  readonly more: object
}

function entryOf({ page, startedAt, request, answer, timings, more }: EntryParts): object {
  const { blocked, dns, connect, send, wait, receive } = timings
  // `ssl` is a part of `connect`; -1 is what does not apply.
  const parts = [blocked, dns, connect, send, wait, receive]
  const time = rounded(parts.reduce((sum, ms) => sum + Math.max(0, ms), 0))
  return {
    pageref: page,
    startedDateTime: startedAt,
    time,
    request: requestOf(request),
    response: responseOf(answer),
    cache: {},
    timings,
    ...more,
  }
}

function requestOf({ method, url, httpVersion, fields, bodyBytes, body }: Message): object {
  const headers = redactFields(fields)
  return {
    method,
    url,
    httpVersion,
    cookies: requestCookies(headers),
    headers,
    queryString: queryPairs(url),
    ...(body && {
      postData: {
        mimeType: fieldValue(fields, 'content-type') ?? '',
        params: [],
        text: body.text,
        ...(body.comment !== undefined && { comment: body.comment }),
      },
    }),
    headersSize: -1,
    bodySize: bodyBytes,
  }
}

function responseOf({ head, bodyBytes, body }: Answer): object {
  const fields = head?.fields ?? []
  const headers = redactFields(fields)
  return {
    status: head?.status ?? 0,
    statusText: head?.reason ?? '',
    httpVersion: 'HTTP/1.1',
    cookies: responseCookies(headers),
    headers,
    content: {
      size: bodyBytes,
      mimeType: fieldValue(fields, 'content-type') ?? 'x-unknown',
      ...(body && { text: body.text }),
      ...(body?.comment !== undefined && { comment: body.comment }),
    },
    redirectURL: redactTarget(fieldValue(fields, 'location') ?? ''),
    headersSize: -1,
    bodySize: bodyBytes,
    ...(head === undefined && { comment: 'there was no answer' }),
  }
}

/** Of a redacted URL. */
function queryPairs(url: string): readonly { name: string; value: string }[] {
  const mark = url.indexOf('?')
  if (mark === -1) return []
  return url
    .slice(mark + 1)
    .split(/[?&]/)
    .filter(Boolean)
    .map((pair) => {
      const equals = pair.indexOf('=')
      if (equals === -1) return { name: decoded(pair), value: '' }
      return { name: decoded(pair.slice(0, equals)), value: decoded(pair.slice(equals + 1)) }
    })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export interface Timings {
  readonly blocked: number
  readonly dns: number
  readonly connect: number
  readonly ssl: number
  readonly send: number
  readonly wait: number
  readonly receive: number
}

/** From `startMs` to `endMs`, without a gap. */
function timingsOf(trace: ExchangeTrace, startMs: number, endMs: number): Timings {
  const { sentAtMs: sent, headAtMs: head } = trace
  const none = { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait: 0, receive: 0 }
  if (sent === undefined) return { ...none, wait: rounded(endMs - startMs) }
  const last = trace.attempts.at(-1)
  const attempt = last?.reason === undefined ? last : undefined
  const { startedAtMs: began = sent, lookedUpAtMs: named, tcpAtMs: tcp } = attempt ?? {}
  // An answer may come before the end of the request.
  const uploaded = Math.min(trace.uploadedAtMs ?? endMs, head ?? endMs)
  return {
    blocked: rounded(began - startMs),
    dns: named === undefined ? -1 : rounded(named - began),
    connect: attempt === undefined ? -1 : rounded(sent - (named ?? began)),
    ssl: tcp === undefined || !trace.subject.isTls ? -1 : rounded(sent - tcp),
    send: rounded(uploaded - sent),
    wait: rounded((head ?? endMs) - uploaded),
    receive: head === undefined ? 0 : rounded(endMs - head),
  }
}

const rounded = (ms: number): number => Math.max(0, Math.round(ms * 100) / 100)

const wallTime = ({ nowMs, wallMs }: EntryMoments, atMs: number): string =>
  new Date(wallMs - (nowMs - atMs)).toISOString()

/** A head as it was written. */
function splitHead(head: string): { readonly line: string; readonly fields: readonly string[] } {
  const [line = '', ...rest] = head.split('\r\n').filter(Boolean)
  const fields = rest.flatMap((each) => {
    const colon = each.indexOf(':')
    return [each.slice(0, colon), each.slice(colon + 1).trim()]
  })
  return { line, fields }
}
