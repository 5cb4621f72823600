/** The head of an answer, read strictly: RFC 9112, sections 4, 5 and 6.3. */

import { FIELD_NAME, isNamed, NOT_IN_A_VALUE, readDigits } from './fields.ts'

/** What an answer's body is delimited by (RFC 9112 6.3). */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'close'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Name, value, name, value … as they came, latin1. */
  readonly fields: string[]
  readonly framing: BodyFraming
  /** The value of Content-Length; -1: none. */
  readonly contentLength: number
  /** False when the server will close after this answer. */
  readonly keepsAlive: boolean
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-5][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?$/

/**
 * A whole head that breaks no rule of RFC 9112 4 and 5: one pass instead of two for each line. No two parts of it can
 * match the same byte, so it never goes back.
 */
const WELL_FORMED =
  /^HTTP\/1\.[01] [1-5][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*$/

/** Where the status stands, and where the reason begins: `HTTP/1.1 200 OK`. */
const STATUS_AT = 9
const REASON_AT = 13

/** Reads a status line and fields (RFC 9112 4 and 5). Returns what is wrong when something is. */
export function parseResponseHead(text: string, method: string): ResponseHead | string {
  if (!WELL_FORMED.test(text)) return whatIsWrong(text)
  const status = readDigits(text.slice(STATUS_AT, STATUS_AT + 3))
  if (status === 101) return 'an upgrade that was not asked for'
  const facts: FramingFacts = { contentLength: -1, chunked: false, close: false, keepAlive: false }
  const fields: string[] = []
  let end = text.indexOf('\r\n')
  const reason = end === -1 ? text.slice(REASON_AT) : text.slice(REASON_AT, end)
  while (end !== -1) {
    const start = end + 2
    end = text.indexOf('\r\n', start)
    const colon = text.indexOf(':', start)
    const name = text.slice(start, colon)
    const value = trimmed(text, colon + 1, end === -1 ? text.length : end)
    const wrong = noteFraming(facts, name, value)
    if (wrong) return wrong
    fields.push(name, value)
  }
  const is11 = text.charCodeAt(7) === 0x31
  // A reader who knows that HTTP/1.0 has no 1xx (RFC 9110 15.2) takes it for the answer itself.
  if (status < 200 && !is11) return 'a 1xx answer in HTTP/1.0'
  if (facts.chunked && !is11) return 'Transfer-Encoding in an HTTP/1.0 answer'
  if (facts.chunked && facts.contentLength !== -1)
    return 'Transfer-Encoding and Content-Length together'
  const framing = framingOf(status, method, facts)
  const keepsAlive = framing !== 'close' && !facts.close && (is11 || facts.keepAlive)
  return { status, reason, fields, framing, contentLength: facts.contentLength, keepsAlive }
}

/** In the order in which a reader meets it. */
function whatIsWrong(text: string): string {
  const [statusLine = '', ...lines] = text.split('\r\n')
  if (!STATUS_LINE.test(statusLine)) return 'the status line is malformed'
  const fields: string[] = []
  for (const line of lines) {
    const wrong = addField(fields, line)
    if (wrong) return wrong
  }
  return 'the head is malformed'
}

/** Adds one field line, of a head or of trailers. A space before the colon, obs-fold, and control bytes are refused (RFC 9112 5.1, 5.2). */
export function addField(fields: string[], line: string): string | undefined {
  const colon = line.indexOf(':')
  if (colon <= 0 || !FIELD_NAME.test(line.slice(0, colon))) return 'a field name is malformed'
  const value = line.slice(colon + 1)
  if (NOT_IN_A_VALUE.test(value)) return 'a field value has control characters'
  fields.push(line.slice(0, colon), trimmed(line, colon + 1, line.length))
  return undefined
}

/** A part of the text without OWS, which is blanks and tabs only; String.trim would also eat latin1 NBSP, a byte of the value. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

interface FramingFacts {
  contentLength: number
  chunked: boolean
  close: boolean
  keepAlive: boolean
}

/** By length first, then as most servers write it: seldom is a name lowered, which would make a new string. */
function noteFraming(facts: FramingFacts, name: string, value: string): string | undefined {
  if (name.length === 14 && isNamed(name, 'Content-Length', 'content-length')) {
    const length = readDigits(value)
    if (facts.contentLength !== -1 || Number.isNaN(length))
      return 'Content-Length is malformed or repeated'
    facts.contentLength = length
  } else if (name.length === 17 && isNamed(name, 'Transfer-Encoding', 'transfer-encoding')) {
    if (facts.chunked || value.toLowerCase() !== 'chunked')
      return 'Transfer-Encoding is not just chunked'
    facts.chunked = true
  } else if (name.length === 10 && isNamed(name, 'Connection', 'connection')) {
    if (value === 'keep-alive') facts.keepAlive = true
    else
      for (const option of value.toLowerCase().split(',')) {
        if (option.trim() === 'close') facts.close = true
        else if (option.trim() === 'keep-alive') facts.keepAlive = true
      }
  }
  return undefined
}

/** RFC 9112 6.3, in its order. */
function framingOf(status: number, method: string, facts: FramingFacts): BodyFraming {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (facts.chunked) return 'chunked'
  return facts.contentLength === -1 ? 'close' : 'length'
}
