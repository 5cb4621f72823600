/** The lab's own certification authority. Keys are made at run time and never leave memory. */

import '../base/reflect-metadata.ts'
import { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { keyAlgorithms } from '../base/key-algorithms.ts'

const dayMs = 24 * 60 * 60 * 1000

/** What a server certificate shall say. The first name is also the common name. */
export interface CertificateRequest {
  /** DNS names, wildcards (`*.contoso.com`) included. */
  readonly names: readonly string[]
  readonly ips?: readonly string[]
  /** Default: yesterday. */
  readonly notBefore?: Date
  /** Default: in 90 days; a date in the past makes an expired certificate. */
  readonly notAfter?: Date
  /** `ecdsa` (P-256) is the default because RSA keys take a hundred times as long to make. */
  readonly keyType?: 'ecdsa' | 'rsa'
}

/** A certificate and its PKCS#8 key, both PEM. */
export interface IssuedCertificate {
  readonly certPem: string
  readonly keyPem: string
}

/** A root that issues server certificates. */
export interface Authority {
  /** The self-signed root, PEM: what a client trusts. */
  readonly certificatePem: string
  issue(request: CertificateRequest): Promise<IssuedCertificate>
}

/** Makes a new root with a fresh ECDSA P-256 key. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await createKeys('ecdsa')
  const issuer = `CN=${quoted(name)}`
  const root = await X509CertificateGenerator.createSelfSigned(
    {
      name: issuer,
      keys,
      notBefore: new Date(Date.now() - 30 * dayMs),
      notAfter: new Date(Date.now() + 3650 * dayMs),
      signingAlgorithm: keyAlgorithms.ecdsa,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )

  async function issue(request: CertificateRequest): Promise<IssuedCertificate> {
    const own = await createKeys(request.keyType ?? 'ecdsa')
    const certificate = await X509CertificateGenerator.create(
      {
        subject: `CN=${quoted(request.names[0] ?? request.ips?.[0] ?? 'nameless')}`,
        issuer,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: keyAlgorithms.ecdsa,
        notBefore: request.notBefore ?? new Date(Date.now() - dayMs),
        notAfter: request.notAfter ?? new Date(Date.now() + 90 * dayMs),
        extensions: [
          new BasicConstraintsExtension(false),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          alternativeNames(request),
          await AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    )
    return { certPem: certificate.toString('pem'), keyPem: await exportKey(own.privateKey) }
  }

  return { certificatePem: root.toString('pem'), issue }
}

function createKeys(keyType: 'ecdsa' | 'rsa'): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithms[keyType], true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

function alternativeNames(request: CertificateRequest): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension([
    ...request.names.map((value) => ({ type: 'dns' as const, value })),
    ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
  ])
}

/** A distinguished name's value: quoted, because names with commas or `*` would be read as syntax. */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '')}"`
}
