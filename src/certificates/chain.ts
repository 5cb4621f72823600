/** Puts the certificates of a file into the order in which they are sent (RFC 8446 4.4.2): each signed by the next. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { X509Certificate as Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'

export interface Chain {
  /** The one that belongs to the key. */
  readonly leaf: X509Certificate
  /** The leaf first. */
  readonly ordered: readonly X509Certificate[]
  /** Some stood elsewhere, or belong to another chain and are left out. */
  readonly isReordered: boolean
  /** The leaf stands alone, although those who signed it are no root that is known here. */
  readonly lacksIntermediates: boolean
}

/** Undefined: the key belongs to none of the certificates. */
export function buildChain(
  certificates: readonly X509Certificate[],
  key: KeyObject,
): Chain | undefined {
  const leaf = certificates.find((each) => each.checkPrivateKey(key))
  if (!leaf) return undefined
  const ordered = [leaf]
  let last = leaf
  while (!isSelfSigned(last)) {
    const next = certificates.find((each) => !ordered.includes(each) && isIssuer(each, last))
    if (!next) break
    ordered.push(next)
    last = next
  }
  return {
    leaf,
    ordered,
    isReordered: certificates.some((each, index) => each !== ordered[index]),
    lacksIntermediates: ordered.length === 1 && !isSelfSigned(leaf) && !isFromRoot(leaf),
  }
}

const isIssuer = (issuer: X509Certificate, subject: X509Certificate): boolean =>
  subject.checkIssued(issuer) && subject.verify(issuer.publicKey)

const isSelfSigned = (certificate: X509Certificate): boolean => isIssuer(certificate, certificate)

/**
 * Signed by a public root, or by one that says nowhere where it can be fetched, as the roots of small company
 * authorities do. Public authorities sign with intermediates only, and always say where these are (RFC 5280 4.2.2.1).
 */
const isFromRoot = (leaf: X509Certificate): boolean =>
  !/CA Issuers - URI:http/i.test(leaf.infoAccess ?? '') || isPublicRoot(leaf.issuer)

let publicRoots: ReadonlySet<string> | undefined

function isPublicRoot(issuer: string): boolean {
  publicRoots ??= new Set(rootCertificates.map((pem) => new Certificate(pem).subject))
  return publicRoots.has(issuer)
}
