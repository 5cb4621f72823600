/** What stands in a certificate, as far as checks ask. */
import type { X509Certificate } from 'node:crypto'
import { commonName } from './chain.ts'

export interface CertificateFacts {
  /** The common name of the subject; empty: it has none. */
  readonly subject: string
  readonly issuer: string
  /** DNS names among the alternative names. */
  readonly names: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** Object identifiers; undefined: good for every purpose. */
  readonly purposes: readonly string[] | undefined
  /** `RSA 2048`, `EC prime256v1`, or the bare type. */
  readonly key: string
  readonly keyType: string
  /** Bits of an RSA key. */
  readonly rsaBits: number | undefined
  /** `sha256WithRSAEncryption`; undefined: this Node cannot say. */
  readonly signature: string | undefined
}

/** RFC 5280 4.2.1.12. */
export const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
} as const

/** Reads them; a key of an unknown kind is said, not thrown. */
export function readFacts(certificate: X509Certificate): CertificateFacts {
  const { keyType, rsaBits, key } = readKey(certificate)
  return {
    subject: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    issuer: commonName(certificate.issuer),
    names: alternativeNames(certificate.subjectAltName ?? ''),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    // Node calls the extended usages so.
    purposes: certificate.keyUsage as readonly string[] | undefined,
    key,
    keyType,
    rsaBits,
    signature: certificate.signatureAlgorithm,
  }
}

/** True when the certificate may be used for the purpose: it says so, or it says nothing. */
export const serves = (facts: CertificateFacts, purpose: 'serverAuth' | 'clientAuth'): boolean =>
  facts.purposes === undefined ||
  facts.purposes.includes(purposes[purpose]) ||
  facts.purposes.includes(purposes.any)

function readKey(certificate: X509Certificate) {
  try {
    const { asymmetricKeyType: keyType = 'unknown', asymmetricKeyDetails: details } =
      certificate.publicKey
    const rsaBits = keyType.startsWith('rsa') ? details?.modulusLength : undefined
    const key = rsaBits ? `RSA ${rsaBits}` : `${keyType.toUpperCase()} ${details?.namedCurve ?? ''}`
    return { keyType, rsaBits, key: key.trim() }
  } catch {
    return { keyType: 'unknown', rsaBits: undefined, key: 'of an unknown kind' }
  }
}

/** Node writes `DNS:a, DNS:b, IP Address:…`, and puts values that would be ambiguous into quotes. */
function alternativeNames(text: string): readonly string[] {
  const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy
  return [...text.matchAll(entry)]
    .filter(([, kind]) => kind === 'DNS')
    .map(([, , value = '']) => value.toLowerCase())
}
