/**
 * Why an authority issued nothing. Thrown inside this folder only: an order is a long conversation in which every sentence
 * may be the last one. `orderCertificate` and `readRenewalInfo` are where it becomes a value.
 */

export interface TroubleDetails {
  /** The type of the problem document without its common beginning (RFC 8555 6.7), such as `rateLimited`; or ours. */
  readonly type: string
  /** In the words of the authority or of the system: bounded, and without control characters. */
  readonly detail: string
  /** What to do. */
  readonly hint?: string | undefined
  /** The authority does not want to be asked before this has passed. */
  readonly retryAfterMs?: number | undefined
}

export class AcmeTrouble extends Error {
  readonly details: TroubleDetails

  constructor(details: TroubleDetails) {
    super(`${details.type}: ${details.detail}`)
    this.details = details
  }
}

/** Whatever was thrown, as a value. */
export function detailsOf(error: unknown): TroubleDetails {
  if (error instanceof AcmeTrouble) return error.details
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const said = error instanceof Error ? error.message : String(error)
  return { type: code === '' ? 'fault' : code, detail: printable(said), hint: hintFor(code) }
}

/** @param type of a problem document, or the code of a system error */
export const hintFor = (type: string): string | undefined =>
  Object.hasOwn(hints, type) ? hints[type] : undefined

const MAX_DETAIL = 500

/** Text from outside for the log: on one line, without control or direction characters, and with an end. */
export function printable(text: unknown): string {
  if (typeof text !== 'string') return ''
  const clean = text.slice(0, MAX_DETAIL + 1).replace(/[\s\p{C}]+/gu, ' ')
  return clean.length > MAX_DETAIL ? `${clean.slice(0, MAX_DETAIL)}…` : clean
}

/** What an administrator can do about a problem type of RFC 8555 6.7. */
const hints: Readonly<Record<string, string>> = {
  dns: 'the name must be in the public DNS and lead to this proxy',
  connection: 'port 80 of the name must lead from the Internet to a listener with "http"',
  unauthorized:
    'port 80 of the name leads to something else: it must lead to this proxy, or to a replica with the same storage',
  incorrectResponse:
    'port 80 of the name leads to something else: it must lead to this proxy, or to a replica with the same storage',
  caa: 'a CAA record in the DNS allows other authorities only',
  rejectedIdentifier:
    'the authority issues nothing for this name: name a certificate of the file for it',
  unsupportedIdentifier:
    'the authority issues nothing for this name: name a certificate of the file for it',
  rateLimited: 'too many certificates or failed tries: nothing to do but wait',
  externalAccountRequired:
    'the authority wants "acme.eab": its customer pages give out kid and key',
  invalidContact: 'correct "acme.contact"',
  unsupportedContact: 'correct "acme.contact"',
  userActionRequired: 'the authority has new terms of service',
  badPublicKey: 'try another "acme.keyType"',
  ENOTFOUND: 'the directory URL must resolve from here',
  ECONNREFUSED: 'the firewall must let this machine reach the authority',
  ETIMEDOUT: 'the firewall must let this machine reach the authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'name the roots of the authority under "acme.ca"',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'name the roots of the authority under "acme.ca"',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'name the roots of the authority under "acme.ca"',
}
