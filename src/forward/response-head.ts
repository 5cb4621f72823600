/** The head of an answer as the client gets it: the server's fields in their order, case and repetition. */
import { affinityCookie, setsAffinityCookie } from '../pools/affinity-cookie.ts'
import type { Server } from '../pools/server.ts'
import {
  isHopByHop,
  isNamed,
  nominatedFields,
  offersConnectionBound,
  tellsOfServer,
} from './fields.ts'
import type { ResponseHead } from './response-parser.ts'

/** How the answer goes to the client. `bare`: no body. */
export type ClientFraming = 'bare' | 'length' | 'chunked' | 'close'

export interface ResponsePlan {
  /** The server whose affinity cookie is set with this answer; undefined: none is set. */
  readonly affinityOf: Server | undefined
  /** Drop the server's own MS-WSMAN: two cookies of one name would send the client to and fro. */
  readonly ownsAffinity: boolean
  /** Rewrites a Location value; undefined: Location stays as it is. */
  readonly rewriteLocation: ((value: string) => string) | undefined
  /** Leave out what names the server's software and its internal name. */
  readonly hidesServer: boolean
}

/** What must be known about an answer besides its fields. */
export interface ClientHead {
  readonly fields: string[]
  /** A 401 that offers NTLM or Negotiate: from here on the connection is somebody's. */
  readonly offersConnectionAuth: boolean
  /** X-Ms-diagnostics, which Lync fills with the reason of a refusal; for the log. */
  readonly diagnostics: string | undefined
}

/** The framing towards the client; an HTTP/1.0 client knows no chunks (RFC 9112 7.1). */
export function clientFraming(head: ResponseHead, isHttp11: boolean): ClientFraming {
  if (head.framing === 'none') return 'bare'
  if (head.framing === 'length') return 'length'
  return isHttp11 ? 'chunked' : 'close'
}

/** The fields for the client, without framing and connection fields of ours. */
export function clientHead(head: ResponseHead, plan: ResponsePlan): ClientHead {
  const nominated = nominatedOf(head.fields)
  const fields: string[] = []
  let offersConnectionAuth = false
  let diagnostics: string | undefined
  for (let i = 0; i + 1 < head.fields.length; i += 2) {
    const name = head.fields[i] as string
    let value = head.fields[i + 1] as string
    if (isHopByHop(name) || nominated?.has(name.toLowerCase())) continue
    if (plan.hidesServer && tellsOfServer(name)) continue
    switch (name.length) {
      case 8: // Location
        if (plan.rewriteLocation && name.toLowerCase() === 'location')
          value = plan.rewriteLocation(value)
        break
      case 10: // Set-Cookie
        if (plan.ownsAffinity && name.toLowerCase() === 'set-cookie' && setsAffinityCookie(value))
          continue
        break
      case 14: // Content-Length: a 204 must not have one (RFC 9110 8.6)
        if (head.status === 204 && name.toLowerCase() === 'content-length') continue
        break
      case 16: // WWW-Authenticate, X-Ms-diagnostics
        if (name.toLowerCase() === 'x-ms-diagnostics') diagnostics = value
        else if (head.status === 401 && name.toLowerCase() === 'www-authenticate') {
          offersConnectionAuth ||= offersConnectionBound(value)
        }
        break
    }
    fields.push(name, value)
  }
  if (plan.affinityOf) fields.push('Set-Cookie', affinityCookie(plan.affinityOf.affinityKey))
  return { fields, offersConnectionAuth, diagnostics }
}

/**
 * A 1xx head as bytes for the client (RFC 9110 15.2: a proxy passes them on). It has no body, so it must not announce
 * one either (RFC 9112 6.3): a lenient client would take the answer itself for it.
 */
export function informationText(head: ResponseHead): string {
  const nominated = nominatedOf(head.fields)
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`
  for (let i = 0; i + 1 < head.fields.length; i += 2) {
    const name = head.fields[i] as string
    if (isHopByHop(name) || nominated?.has(name.toLowerCase())) continue
    if (name.length === 14 && name.toLowerCase() === 'content-length') continue
    text += `${name}: ${head.fields[i + 1]}\r\n`
  }
  return `${text}\r\n`
}

function nominatedOf(fields: readonly string[]): ReadonlySet<string> | undefined {
  let values: string[] | undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string
    if (name.length !== 10 || !isNamed(name, 'Connection', 'connection')) continue
    values ??= []
    values.push(fields[i + 1] as string)
  }
  return values && nominatedFields(values)
}
