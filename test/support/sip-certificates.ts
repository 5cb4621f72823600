/** Certificates for SIP servers with everything that can be wrong with them; one root, one intermediate, few keys. */
import '../../src/base/reflect-metadata.ts'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

export interface SipCertificateRequest {
  /** Default: the first name. Empty: a subject without a common name. */
  readonly subject?: string
  readonly names: readonly string[]
  /** Default: serverAuth and clientAuth; empty: no such extension. */
  readonly usages?: readonly ('serverAuth' | 'clientAuth')[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Bits of the RSA key (2048), or `ec`. */
  readonly key?: number | 'ec'
  readonly hash?: 'SHA-256' | 'SHA-1'
  /** Who signs; default: the intermediate. */
  readonly signer?: 'intermediate' | 'root' | 'self'
}

export interface SipCertificate {
  readonly certPem: string
  readonly keyPem: string
}

export interface SipAuthority {
  readonly rootPem: string
  readonly intermediatePem: string
  issue(request: SipCertificateRequest): Promise<SipCertificate>
}

type Keys = webcrypto.CryptoKeyPair

const rsa = (modulusLength: number, hash: string) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash,
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength,
})

const ec = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const makeKeys = (algorithm: ReturnType<typeof rsa> | typeof ec): Promise<Keys> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<Keys>

/** The same key under another hash: a WebCrypto key is bound to one. */
async function withHash({ publicKey, privateKey }: Keys, hash: string): Promise<Keys> {
  const { subtle } = webcrypto
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash }
  return {
    publicKey: await subtle.importKey(
      'spki',
      await subtle.exportKey('spki', publicKey),
      algorithm,
      true,
      ['verify'],
    ),
    privateKey: await subtle.importKey(
      'pkcs8',
      await subtle.exportKey('pkcs8', privateKey),
      algorithm,
      true,
      ['sign'],
    ),
  }
}

/** A root `Public Root` and an intermediate `Public Issuing CA`; good until 2040. */
export async function createSipAuthority(prefix = 'Public'): Promise<SipAuthority> {
  const authorityKeys = await makeKeys(rsa(2048, 'SHA-256'))
  const leafKeys = new Map<number | 'ec', Keys>()
  const rootName = `CN=${prefix} Root`
  const issuerName = `CN=${prefix} Issuing CA`
  const notBefore = new Date('2020-01-01')
  const notAfter = new Date('2040-01-01')
  const signingAlgorithm = rsa(2048, 'SHA-256')
  const ca = [new BasicConstraintsExtension(true, undefined, true)]
  const root = await X509CertificateGenerator.createSelfSigned(
    { name: rootName, keys: authorityKeys, notBefore, notAfter, signingAlgorithm, extensions: ca },
    webcrypto,
  )
  const issuerKeys = await makeKeys(rsa(2048, 'SHA-256'))
  const intermediate = await X509CertificateGenerator.create(
    {
      subject: issuerName,
      issuer: rootName,
      publicKey: issuerKeys.publicKey,
      signingKey: authorityKeys.privateKey,
      notBefore,
      notAfter,
      signingAlgorithm,
      extensions: ca,
    },
    webcrypto,
  )

  async function issue(request: SipCertificateRequest): Promise<SipCertificate> {
    const { key = 2048, hash = 'SHA-256', signer = 'intermediate' } = request
    const own = leafKeys.get(key) ?? (await makeKeys(key === 'ec' ? ec : rsa(key, 'SHA-256')))
    leafKeys.set(key, own)
    const signers = { intermediate: issuerKeys, root: authorityKeys, self: own }
    const signing = await withHash(signers[signer], hash)
    const commonName = request.subject ?? request.names[0] ?? ''
    const subject = commonName === '' ? 'O=Nameless' : [{ CN: [commonName] }]
    const usages = request.usages ?? ['serverAuth', 'clientAuth']
    const issuers = { intermediate: issuerName, root: rootName, self: subject }
    const certificate = await X509CertificateGenerator.create(
      {
        subject,
        issuer: issuers[signer],
        publicKey: own.publicKey,
        signingKey: signing.privateKey,
        signingAlgorithm: rsa(2048, hash),
        notBefore: request.notBefore ?? new Date('2026-01-01'),
        notAfter: request.notAfter ?? new Date('2030-01-01'),
        extensions: [
          new BasicConstraintsExtension(false),
          ...(usages.length > 0
            ? [new ExtendedKeyUsageExtension(usages.map((usage) => ExtendedKeyUsage[usage]))]
            : []),
          ...(request.names.length > 0
            ? [
                new SubjectAlternativeNameExtension(
                  request.names.map((value) => ({ type: 'dns' as const, value })),
                ),
              ]
            : []),
        ],
      },
      webcrypto,
    )
    const keyPem = PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', own.privateKey),
      'PRIVATE KEY',
    )
    return { certPem: certificate.toString('pem'), keyPem }
  }

  return { rootPem: root.toString('pem'), intermediatePem: intermediate.toString('pem'), issue }
}

/** PEM as DER. */
export const derOf = (pem: string): Buffer =>
  Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')

/** Two authorities, each certified by the other: a chain without an end. */
export async function createCrossSigned(): Promise<{ one: string; other: string }> {
  const [oneKeys, otherKeys] = await Promise.all([makeKeys(ec), makeKeys(ec)])
  const certify = async (names: readonly [string, string], subject: Keys, issuer: Keys) =>
    (
      await X509CertificateGenerator.create(
        {
          subject: `CN=${names[0]}`,
          issuer: `CN=${names[1]}`,
          publicKey: subject.publicKey,
          signingKey: issuer.privateKey,
          signingAlgorithm: ec,
          notBefore: new Date('2020-01-01'),
          notAfter: new Date('2040-01-01'),
          extensions: [new BasicConstraintsExtension(true, undefined, true)],
        },
        webcrypto,
      )
    ).toString('pem')
  return {
    one: await certify(['One', 'Other'], oneKeys, otherKeys),
    other: await certify(['Other', 'One'], otherKeys, oneKeys),
  }
}
