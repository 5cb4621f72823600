/** Whether the certificates that a server sent lead to a root, as a partner who knows nothing else would see it. */
import type { X509Certificate } from 'node:crypto'
import type { Root, RootSource, Roots } from './roots.ts'

export type Chain =
  | { readonly kind: 'complete'; readonly root: string; readonly source: RootSource }
  /** Nobody signed it but itself. */
  | { readonly kind: 'self-signed' }
  /** It leads to a root that nothing here trusts. */
  | { readonly kind: 'unknown-root'; readonly root: string }
  /** The server does not send the certificate of this issuer, and it is no root. */
  | { readonly kind: 'incomplete'; readonly missing: string }
  /** A certificate on the way is out of its time. */
  | { readonly kind: 'issuer-expired'; readonly issuer: string; readonly until: Date }

/** Longer chains are nobody's. */
const longestChain = 8

/** Certificates that all sign each other have thousands of ways through them. */
const mostSignatures = 100

/** @param sent the server's own certificate first; the order of the others does not matter */
export function followChain(sent: readonly X509Certificate[], roots: Roots, now: Date): Chain {
  const [leaf, ...others] = sent
  if (!leaf) return { kind: 'incomplete', missing: '' }
  return follow(leaf, { others, roots, now, depth: 0, budget: { left: mostSignatures } })
}

interface Walk {
  readonly others: readonly X509Certificate[]
  readonly roots: Roots
  readonly now: Date
  readonly depth: number
  readonly budget: { left: number }
}

function follow(certificate: X509Certificate, walk: Walk): Chain {
  const anchors = (walk.roots.get(certificate.issuer) ?? []).filter(
    (root) =>
      root.certificate.raw.equals(certificate.raw) ||
      isIssuer(root.certificate, certificate, walk.budget),
  )
  const anchor = bestAnchor(anchors)
  if (anchor)
    return { kind: 'complete', root: commonName(anchor.certificate.subject), source: anchor.source }
  if (certificate.subject === certificate.issuer) {
    return walk.depth === 0
      ? { kind: 'self-signed' }
      : { kind: 'unknown-root', root: commonName(certificate.subject) }
  }
  const incomplete: Chain = { kind: 'incomplete', missing: commonName(certificate.issuer) }
  if (walk.depth >= longestChain) return incomplete
  const ways = walk.others
    .filter((candidate) => isIssuer(candidate, certificate, walk.budget))
    .map((issuer) => followIssuer(issuer, walk))
  return ways.find(({ kind }) => kind === 'complete') ?? ways[0] ?? incomplete
}

function followIssuer(issuer: X509Certificate, walk: Walk): Chain {
  if (!isInTime(issuer, walk.now))
    return {
      kind: 'issuer-expired',
      issuer: commonName(issuer.subject),
      until: issuer.validToDate,
    }
  // Each certificate once: two that sign each other would go on for ever.
  return follow(issuer, {
    ...walk,
    others: walk.others.filter((other) => other !== issuer),
    depth: walk.depth + 1,
  })
}

/** A root of the public list counts more than the same one from this machine. */
const bestAnchor = (anchors: readonly Root[]): Root | undefined =>
  anchors.find(({ source }) => source === 'public') ?? anchors[0]

function isIssuer(
  issuer: X509Certificate,
  certificate: X509Certificate,
  budget: Walk['budget'],
): boolean {
  try {
    if (!certificate.checkIssued(issuer) || !issuer.ca || budget.left <= 0) return false
    budget.left -= 1
    return certificate.verify(issuer.publicKey)
  } catch {
    // A key of a kind that is not known here.
    return false
  }
}

export const isInTime = (certificate: X509Certificate, now: Date): boolean =>
  certificate.validFromDate <= now && now <= certificate.validToDate

/** The common name of a subject or issuer, or all of it where there is none. */
export const commonName = (name: string): string =>
  /^CN=(.*)$/m.exec(name)?.[1] ?? name.replaceAll('\n', ', ')
