/** A certificate whose status can be asked for: who issued it, and where its responder is. */
import type { X509Certificate } from 'node:crypto'
import type { LoadedCertificate } from '../certificate.ts'
import { certificatesIn, readPem } from '../pem.ts'

export interface StapleSubject {
  readonly leaf: X509Certificate
  readonly issuer: X509Certificate
  /** Of the responder; its scheme is `http:`. */
  readonly url: URL
}

/**
 * Why there is nothing to staple: the certificate names no responder that is asked by HTTP, or the one who issued it,
 * whose name and key are part of the question, is not in the chain.
 */
export type Unstaplable = 'no-responder' | 'no-issuer'

/** For the log and for `lyncgate check`. */
export const UNSTAPLABLE: Readonly<Record<Unstaplable, { why: string; remedy: string }>> = {
  'no-responder': {
    why: 'it names no OCSP responder that is asked over HTTP',
    remedy: 'ask for a certificate without that extension',
  },
  'no-issuer': {
    why: 'the certificate of its issuer is not in the chain',
    remedy: 'append that certificate, or name it under "chain"',
  },
}

/** Of a certificate as it is served. */
export function subjectOf({ certPem }: LoadedCertificate): StapleSubject | Unstaplable {
  const chain = certificatesIn(readPem(certPem).blocks)
  return stapleSubjectOf(chain === 'damaged' ? [] : chain)
}

/** Authority information access, as Node writes it (RFC 5280 4.2.2.1). TLS to a responder would need a responder. */
const RESPONDER = /^OCSP - URI:(http:\/\/[^\s"]+)$/im

/** @param chain the server certificate first, then each who signed the last */
export function stapleSubjectOf(chain: readonly X509Certificate[]): StapleSubject | Unstaplable {
  const [leaf, issuer] = chain
  const text = RESPONDER.exec(leaf?.infoAccess ?? '')?.[1]
  const url = text === undefined ? null : URL.parse(text)
  if (!leaf || !url) return 'no-responder'
  return issuer ? { leaf, issuer, url } : 'no-issuer'
}
