/** The certificates of the file: read, checked, and found by the name that a client asks for (SNI). */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { CertificateRule } from '../config/rules.ts'

/** A certificate as it is served. */
export interface LoadedCertificate {
  /** Lower-case DNS names and wildcards it covers. */
  readonly names: readonly string[]
  readonly certPem: string
  readonly keyPem: string
  readonly notAfter: Date
  readonly issuer: string
}

/** What is wrong with a pair of files; `file` says which one. */
export interface CertificateTrouble {
  readonly file: 'cert' | 'key'
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly hint: string
}

export interface CertificateLoad {
  readonly certificate: LoadedCertificate | undefined
  readonly troubles: readonly CertificateTrouble[]
}

/** Reads and checks one pair. Never throws: every trouble is a value with its own advice. */
export async function loadCertificate(rule: CertificateRule, now: Date): Promise<CertificateLoad> {
  const troubles: CertificateTrouble[] = []
  const trouble = (
    file: 'cert' | 'key',
    code: string,
    message: string,
    hint: string,
  ): undefined => {
    troubles.push({ file, severity: 'error', code, message, hint })
    return undefined
  }
  const certPem = await readFile(rule.certFile, 'utf8').catch((error: NodeJS.ErrnoException) =>
    trouble(
      'cert',
      'unreadable-file',
      `cannot read ${rule.certFile} (${error.code})`,
      'check the path, and that the user lyncgate runs as may read it',
    ),
  )
  const keyPem = await readFile(rule.keyFile, 'utf8').catch((error: NodeJS.ErrnoException) =>
    trouble(
      'key',
      'unreadable-file',
      `cannot read ${rule.keyFile} (${error.code})`,
      'check the path, and that the user lyncgate runs as may read it',
    ),
  )
  const leaf = certPem === undefined ? undefined : parseLeaf(certPem)
  if (certPem !== undefined && !leaf) {
    trouble(
      'cert',
      'not-a-certificate',
      `${rule.certFile} holds no PEM certificate`,
      'the file must begin with the server certificate, then its intermediates, all as PEM',
    )
  }
  const key = keyPem === undefined ? undefined : parseKey(keyPem)
  if (keyPem !== undefined && !key) {
    const isEncrypted = keyPem.includes('ENCRYPTED')
    trouble(
      'key',
      isEncrypted ? 'encrypted-key' : 'not-a-key',
      `${rule.keyFile} ${isEncrypted ? 'is an encrypted key' : 'holds no PEM private key'}`,
      isEncrypted
        ? 'store it without a passphrase, readable by lyncgate only: openssl pkey -in old.key -out new.key'
        : 'it must hold one PEM private key',
    )
  }
  if (!leaf || !key || certPem === undefined || keyPem === undefined)
    return { certificate: undefined, troubles }
  if (!leaf.checkPrivateKey(key)) {
    trouble(
      'key',
      'key-mismatch',
      `${rule.keyFile} is not the key of ${rule.certFile}`,
      'the two files must come from the same request',
    )
    return { certificate: undefined, troubles }
  }
  const notAfter = new Date(leaf.validTo)
  if (notAfter < now) {
    troubles.push({
      file: 'cert',
      severity: 'warning',
      code: 'certificate-expired',
      message: `${rule.certFile} expired on ${notAfter.toISOString().slice(0, 10)}`,
      hint: 'clients refuse it: renew it',
    })
  }
  const names = namesOf(leaf)
  return { certificate: { names, certPem, keyPem, notAfter, issuer: leaf.issuer }, troubles }
}

function parseLeaf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function parseKey(pem: string) {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

/** The DNS names of a certificate; the common name counts only where there is no alternative name at all. */
function namesOf(leaf: X509Certificate): string[] {
  const names = [...(leaf.subjectAltName ?? '').matchAll(/DNS:("?)([^",\s]+)\1/g)].map((m) =>
    (m[2] as string).toLowerCase(),
  )
  if (names.length > 0) return names
  const common = /(?:^|\n)CN=([^\n]+)/.exec(leaf.subject)
  return common ? [(common[1] as string).toLowerCase()] : []
}

/** Finds a context by name: exact before wildcard, the first certificate of the file before later ones. */
export class CertificateStore {
  readonly #contexts = new Map<string, SecureContext>()

  /** @param options protocol versions and ciphers of the listener's profile */
  constructor(certificates: readonly LoadedCertificate[], options: SecureContextOptions) {
    for (const { names, certPem, keyPem } of certificates) {
      const context = createSecureContext({ ...options, cert: certPem, key: keyPem })
      for (const name of names) if (!this.#contexts.has(name)) this.#contexts.set(name, context)
    }
  }

  /** @param serverName as it came in the ClientHello */
  lookup(serverName: string): SecureContext | undefined {
    const name = canonicalName(serverName)
    return this.#contexts.get(name) ?? this.#contexts.get(`*${name.slice(name.indexOf('.'))}`)
  }
}

/** Server names compare without case and trailing dot (RFC 6066 3). */
export const canonicalName = (serverName: string): string =>
  serverName.toLowerCase().replace(/\.$/, '')

/** True when one of the certificates covers the name. */
export function coversName(certificates: readonly LoadedCertificate[], name: string): boolean {
  const wildcard = `*${name.slice(name.indexOf('.'))}`
  return certificates.some(({ names }) => names.includes(name) || names.includes(wildcard))
}
