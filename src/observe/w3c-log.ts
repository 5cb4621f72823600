/**
 * The access log in the W3C extended log file format (W3C working draft WD-logfile-960323) with the field names of IIS
 * (Microsoft, "W3C Logging"), so that a request can be laid beside the log of the server. docs/logs.md has each field.
 *
 * A line is made of visible ASCII characters whatever a client sends: nobody can begin a line of their own. As HTTP.sys
 * does, blanks and control characters are `+` and what is not there is `-` (Microsoft, "IIS Log File Format"); the bytes
 * of all other characters that are not ASCII are `%XX`.
 */
import type { AccessRecord } from './access-log.ts'
import type { LogOutput } from './log-output.ts'
import { redactTarget } from './redact.ts'

/** What a line says of the request besides its record. */
export interface LoggedRequest {
  readonly req: { readonly rawHeaders: readonly string[]; readonly httpVersion: string }
  readonly facts: { readonly host: string }
  readonly connection: { readonly arrival: { readonly port: number } }
}

export interface W3cScope {
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  /** The name of this machine. */
  readonly computerName: string
  readonly version: string
}

interface Line {
  readonly record: AccessRecord
  readonly request: LoggedRequest
  readonly time: string
  readonly target: string
  readonly scope: W3cScope
}

/** Bytes of the longest values; with them a line fits into one write to a pipe (4096 bytes), as in `access-log.ts`. */
const STEM = 1_024
const LONG = 384
const MIDDLE = 224
const SHORT = 96

/** Each field in its order: those of IIS in the order of IIS, then ours. */
export const w3cFields: Readonly<Record<string, (line: Line) => string>> = {
  date: ({ time }) => time.slice(0, 10),
  time: ({ time }) => time.slice(11, 19),
  's-sitename': ({ record }) => own(record.listener),
  's-computername': ({ scope }) => own(scope.computerName),
  'cs-method': ({ record }) => wire(record.method, SHORT),
  'cs-uri-stem': ({ target }) => wire(stemOf(target), STEM),
  'cs-uri-query': ({ target }) => wire(queryOf(target), STEM),
  's-port': ({ request }) => String(request.connection.arrival.port),
  // Who signs in is between client and server.
  'cs-username': () => '-',
  'c-ip': ({ record }) => wire(record.client, SHORT),
  'cs-version': ({ request }) => `HTTP/${request.req.httpVersion}`,
  'cs(User-Agent)': ({ record }) => wire(record.userAgent, LONG),
  'cs(Referer)': ({ request }) => wire(refererOf(request), LONG),
  'cs-host': ({ request }) => wire(request.facts.host, MIDDLE),
  'sc-status': ({ record }) => (record.status === 0 ? '-' : String(record.status)),
  'sc-substatus': () => '0',
  'sc-win32-status': ({ record }) => String(WIN32[record.outcome] ?? 0),
  'sc-bytes': ({ record }) => String(record.responseBytes),
  'cs-bytes': ({ record }) => String(record.requestBytes),
  'time-taken': ({ record }) => String(Math.round(record.totalMs)),
  'x-request-id': ({ record }) => record.id,
  'x-revision': ({ record }) => String(record.revision),
  'x-tls': ({ record }) => yesOrNo(record.tls),
  'x-rule': ({ record }) => own(record.rule),
  'x-pool': ({ record }) => own(record.pool),
  'x-server': ({ record }) => own(record.server),
  'x-affinity': ({ record }) => own(record.affinity),
  'x-pinned': ({ record }) => yesOrNo(record.pinned),
  'x-outcome': ({ record }) => record.outcome,
  'x-reason': ({ record }) => own(record.reason, MIDDLE),
  'x-strict': ({ record }) => own(record.strict, MIDDLE),
  'x-diagnostics': ({ record }) => wire(record.diagnostics, LONG),
  'x-connect-ms': ({ record }) => milliseconds(record.connectMs),
  'x-first-byte-ms': ({ record }) => milliseconds(record.firstByteMs),
}

const writers = Object.values(w3cFields)

/** What IIS writes when a client goes: ERROR_NETNAME_DELETED (MS-ERREF 2.2). */
const WIN32: Readonly<Record<string, number>> = { 'client-left': 64 }

/** Directives are repeated with the first line of each hour: rotated standard output begins nowhere in particular. */
const HOUR_LENGTH = '2026-11-22T20'.length

/** @returns writes one line; directives stand before the first one, and at the beginning of every new file */
export function createW3cLog(
  output: Pick<LogOutput, 'write' | 'generation'>,
  scope: W3cScope,
): (record: AccessRecord, request: LoggedRequest) => void {
  let hour = ''
  let generation = -1
  return (record, request) => {
    const time = new Date(scope.wallNow()).toISOString()
    const line: Line = { record, request, time, target: redactTarget(record.target), scope }
    const text = `${writers.map((write) => write(line)).join(' ')}\n`
    const isFresh = generation !== output.generation || !time.startsWith(hour) || hour === ''
    if (isFresh) output.write(directives(time, scope))
    output.write(text)
    hour = time.slice(0, HOUR_LENGTH)
    generation = output.generation
  }
}

/** One write, so that no line of another process comes in between. */
const directives = (time: string, { version }: W3cScope): string =>
  `#Software: lyncgate ${version}\n#Version: 1.0\n#Date: ${time.slice(0, 19).replace('T', ' ')}\n` +
  `#Fields: ${Object.keys(w3cFields).join(' ')}\n`

function stemOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}

function queryOf(target: string): string {
  const mark = target.indexOf('?')
  return mark === -1 ? '' : target.slice(mark + 1)
}

function refererOf({ req: { rawHeaders } }: LoggedRequest): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 7 && name.toLowerCase() === 'referer')
      return redactTarget(rawHeaders[i + 1] as string)
  }
  return undefined
}

const yesOrNo = (is: boolean): string => (is ? '1' : '0')

const milliseconds = (ms: number | undefined): string => (ms === undefined ? '-' : String(ms))

/** What came over the wire: each character is a byte. */
const wire = (value: string | undefined, max: number): string => visible(value, max, 'latin1')

/** Words of the rules file and of the program. */
const own = (value: string | undefined, max = SHORT): string => visible(value, max, 'utf8')

/** A quote too: to readers that follow the draft it begins a string, which would swallow the fields behind it. */
const NOT_PLAIN = /[^\x21\x23-\x7e]/gu

function visible(value: string | undefined, max: number, encoding: 'latin1' | 'utf8'): string {
  if (value === undefined || value === '') return '-'
  const text = value.slice(0, max).replace(NOT_PLAIN, (character) => {
    if (character <= ' ' || character === '\x7f') return '+'
    const isByte = encoding === 'latin1' && character.length === 1 && character <= '\xff'
    const bytes = Buffer.from(character, isByte ? 'latin1' : 'utf8')
    return bytes.toString('hex').replace(/../g, (hex) => `%${hex.toUpperCase()}`)
  })
  // An escape is not cut in two.
  return text.length <= max ? text : text.slice(0, max).replace(/%[0-9A-F]?$/, '')
}
