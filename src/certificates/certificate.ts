/** A certificate of the file as plain data, and the names it stands for. */
import type { X509Certificate } from 'node:crypto'

/**
 * A certificate as it is served. Plain data: it is handed to other processes (structured clone), so it holds no object
 * of OpenSSL's.
 */
export interface LoadedCertificate {
  /** Lower-case DNS names and wildcards it covers. */
  readonly names: readonly string[]
  /** The certificate and its intermediates, in the order in which they are sent. */
  readonly certPem: string
  /** The key, decrypted: it never leaves memory. */
  readonly keyPem: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** As people call it: the common name or organisation of who signed it. */
  readonly issuer: string
  /** Upper-case hexadecimal. */
  readonly serialNumber: string
  /** OpenSSL's word for the kind of key: `rsa`, `ec`, `ed25519` … */
  readonly keyType: string
  /** Of an RSA key; undefined: another kind. */
  readonly keyBits: number | undefined
}

/** The DNS names of a certificate; the common name counts only where there is no alternative name at all. */
export function namesOf(leaf: X509Certificate): readonly string[] {
  const names = [...(leaf.subjectAltName ?? '').matchAll(/DNS:("?)([^",\s]+)\1/g)].map((m) =>
    (m[2] as string).toLowerCase(),
  )
  if (names.length > 0) return names
  const common = attribute(leaf.subject, 'CN')
  return common === undefined ? [] : [common.toLowerCase()]
}

/** The common name of a subject or issuer, or all of it where there is none. */
export const commonNameOf = (distinguishedName = ''): string =>
  attribute(distinguishedName, 'CN') ?? distinguishedName.replaceAll('\n', ', ')

/** Who signed it: common name, else organisation, else all there is. */
export const issuerOf = ({ issuer = '' }: X509Certificate): string =>
  attribute(issuer, 'CN') ?? attribute(issuer, 'O') ?? issuer.replaceAll('\n', ', ')

const attribute = (distinguishedName: string, key: string): string | undefined =>
  new RegExp(`(?:^|\\n)${key}=([^\\n]+)`).exec(distinguishedName ?? '')?.[1]

/** Server names compare without case and trailing dot (RFC 6066 3). */
export const canonicalName = (serverName: string): string =>
  serverName.toLowerCase().replace(/\.$/, '')

/** The wildcard that covers a name: it stands for one label (RFC 9525 6.3). */
export const wildcardOf = (name: string): string => `*${name.slice(name.indexOf('.'))}`

/** True when one of the certificates covers the name. */
export function coversName(
  certificates: readonly Pick<LoadedCertificate, 'names'>[],
  name: string,
): boolean {
  const wildcard = wildcardOf(name)
  return certificates.some(({ names }) => names.includes(name) || names.includes(wildcard))
}

/** As `coversName`, for a host of a rule, which may be a wildcard itself. */
export const coversHost = (
  certificates: readonly Pick<LoadedCertificate, 'names'>[],
  host: string,
): boolean =>
  host.startsWith('*.')
    ? certificates.some(({ names }) => names.includes(host))
    : coversName(certificates, host)
