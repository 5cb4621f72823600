/** The root certificates a chain may end in, and who trusts them. */
import { X509Certificate } from 'node:crypto'
import { getCACertificates, rootCertificates } from 'node:tls'

/** `public`: Mozilla's list, as Node carries it; `system`: this machine only; `given`: by `--ca`. */
export type RootSource = 'public' | 'system' | 'given'

export interface Root {
  readonly certificate: X509Certificate
  readonly source: RootSource
}

/** Roots by their subject, as X509Certificate writes it. */
export type Roots = ReadonlyMap<string, readonly Root[]>

/** Public roots, those of the system, and PEM certificates that the user gave. */
export function readRoots(given: readonly string[]): Roots {
  return buildRoots([
    ...given.map((pem) => ({ pem, source: 'given' as const })),
    ...rootCertificates.map((pem) => ({ pem, source: 'public' as const })),
    ...getCACertificates('system').map((pem) => ({ pem, source: 'system' as const })),
  ])
}

/** What cannot be read is left out: a list of a system may hold anything. */
export function buildRoots(
  entries: readonly { readonly pem: string; readonly source: RootSource }[],
): Roots {
  const roots = new Map<string, Root[]>()
  for (const { pem, source } of entries) {
    const certificate = readCertificate(pem)
    if (!certificate) continue
    const same = roots.get(certificate.subject)
    if (same) same.push({ certificate, source })
    else roots.set(certificate.subject, [{ certificate, source }])
  }
  return roots
}

/** The PEM blocks of a text. */
export const splitPem = (text: string): readonly string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []

/** A certificate from PEM or DER; undefined: it is none. */
export function readCertificate(source: string | Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(source)
  } catch {
    return undefined
  }
}
