/** What has to do with the inside of certificates: requests for them, and the name that RFC 9773 gives them. */
import '../base/reflect-metadata.ts'
import { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from '@peculiar/x509'
import { keyAlgorithms } from '../base/key-algorithms.ts'
import type { AcmeRule } from '../config/rules.ts'

export interface CertificateRequest {
  /** PKCS#10, DER, base64url (RFC 8555 7.4). */
  readonly csr: string
  /** PKCS#8, PEM. */
  readonly keyPem: string
}

/** A new key, and the request for one name. The subject is empty: the name stands in the extension, where it counts. */
export async function createRequest(
  name: string,
  keyType: AcmeRule['keyType'],
): Promise<CertificateRequest> {
  const algorithm = keyAlgorithms[keyType]
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      keys,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
    },
    webcrypto,
  )
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    csr: Buffer.from(request.rawData).toString('base64url'),
    keyPem: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  }
}

/** The identifier of a certificate for renewal information (RFC 9773 4.1); undefined: it names no key of its issuer. */
export function renewalIdOf(certPem: string): string | undefined {
  const certificate = new X509Certificate(certPem)
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId
  if (keyId === undefined) return undefined
  const part = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
  // The bytes of the INTEGER, the leading zero of a number whose first bit is set included.
  const serial = certificate.serialNumber
  const isSet = Number.parseInt(serial.slice(0, 2), 16) >= 0x80
  return `${part(keyId)}.${part(isSet ? `00${serial}` : serial)}`
}
