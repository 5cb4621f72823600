/** One pass over the fields of a request: everything that screening, routing and forwarding must know about them. */
import type { ClientRequest } from '../forward/client-message.ts'
import { isConnectionBound, isNamed, nominatedFields, readDigits } from '../forward/fields.ts'
import { AFFINITY_COOKIE, readAffinityCookie } from '../pools/affinity-cookie.ts'

export interface RequestFacts {
  hosts: number
  host: string
  contentLengths: number
  /** -1: none. */
  contentLength: number
  transferEncodings: number
  transferEncoding: string
  expect: string | undefined
  upgrade: string | undefined
  /** The options of all Connection fields, lower case, as written. */
  connection: string[] | undefined
  nominated: ReadonlySet<string> | undefined
  /** The client asked for the end of the connection, or speaks HTTP/1.0 without asking to keep it (RFC 9112 9.3). */
  wantsClose: boolean
  /** The request carries credentials that belong to the connection. */
  bindsConnection: boolean
  /** The values of all Authorization fields. */
  authorization: string[] | undefined
  affinityKey: string | undefined
  forwardedFor: string[] | undefined
  forwardedProto: string | undefined
  forwardedHost: string | undefined
  userAgent: string | undefined
}

/** Reads the raw fields; the joined `headers` object of Node hides repetition and is never used. */
export function readRequest(req: ClientRequest): RequestFacts {
  const facts: RequestFacts = {
    hosts: 0,
    host: '',
    contentLengths: 0,
    contentLength: -1,
    transferEncodings: 0,
    transferEncoding: '',
    expect: undefined,
    upgrade: undefined,
    connection: undefined,
    nominated: undefined,
    wantsClose: false,
    bindsConnection: false,
    authorization: undefined,
    affinityKey: undefined,
    forwardedFor: undefined,
    forwardedProto: undefined,
    forwardedHost: undefined,
    userAgent: undefined,
  }
  const raw = req.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2)
    noteField(facts, raw[i] as string, raw[i + 1] as string)
  facts.wantsClose = wantsClose(facts.connection, req.httpVersionMinor === 0)
  if (facts.connection) facts.nominated = nominatedFields(facts.connection)
  return facts
}

function wantsClose(connection: readonly string[] | undefined, isHttp10: boolean): boolean {
  if (!connection) return isHttp10
  // What nearly everybody sends.
  if (connection.length === 1 && connection[0] === 'keep-alive') return false
  const options = connection.join(',').toLowerCase().split(',')
  if (options.some((option) => option.trim() === 'close')) return true
  return isHttp10 && !options.some((option) => option.trim() === 'keep-alive')
}

/** By length first: most fields are passed over with one comparison and without a new string. */
function noteField(facts: RequestFacts, name: string, value: string): void {
  switch (name.length) {
    case 4:
      if (!isNamed(name, 'Host', 'host')) return
      facts.hosts++
      facts.host = value
      return
    case 6:
      return noteSix(facts, name.toLowerCase(), value)
    case 7:
      if (name.toLowerCase() === 'upgrade')
        facts.upgrade = facts.upgrade === undefined ? value : `${facts.upgrade}, ${value}`
      return
    case 10:
      return noteTen(facts, name.toLowerCase(), value)
    case 13:
      if (name.toLowerCase() !== 'authorization') return
      facts.bindsConnection ||= isConnectionBound(value)
      facts.authorization = [...(facts.authorization ?? []), value]
      return
    case 14:
      if (name.toLowerCase() !== 'content-length') return
      facts.contentLengths++
      facts.contentLength = readDigits(value)
      return
    case 15:
      if (name.toLowerCase() !== 'x-forwarded-for') return
      facts.forwardedFor = [...(facts.forwardedFor ?? []), value]
      return
    case 16:
      if (name.toLowerCase() === 'x-forwarded-host') facts.forwardedHost = value
      return
    case 17:
      return noteSeventeen(facts, name.toLowerCase(), value)
  }
}

function noteSix(facts: RequestFacts, name: string, value: string): void {
  if (name === 'cookie') {
    if (facts.affinityKey === undefined && value.includes(AFFINITY_COOKIE)) {
      facts.affinityKey = readAffinityCookie(value)
    }
  } else if (name === 'expect')
    facts.expect = facts.expect === undefined ? value : `${facts.expect}, ${value}`
}

function noteTen(facts: RequestFacts, name: string, value: string): void {
  if (name === 'connection') facts.connection = [...(facts.connection ?? []), value]
  else if (name === 'user-agent') facts.userAgent = value
}

function noteSeventeen(facts: RequestFacts, name: string, value: string): void {
  if (name === 'transfer-encoding') {
    facts.transferEncodings++
    facts.transferEncoding = value
  } else if (name === 'x-forwarded-proto') facts.forwardedProto = value
}
