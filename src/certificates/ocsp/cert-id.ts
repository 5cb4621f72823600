/** How OCSP names a certificate: hashes of the name and key of its issuer, and its serial number (RFC 6960 4.1.1). */
import { createHash, type X509Certificate } from 'node:crypto'
import { childrenOf, readBits, readOne, tags } from '../der.ts'
import type { StapleSubject } from './staple-subject.ts'

export interface CertId {
  readonly hashOid: string
  readonly nameHash: Buffer
  readonly keyHash: Buffer
  /** As in the INTEGER, big-endian. */
  readonly serial: Buffer
}

export const SHA1 = '1.3.14.3.2.26'

/** Responders answer with the hash of the question; some have been seen to answer with a better one. */
const HASHES: Readonly<Record<string, string>> = {
  [SHA1]: 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** Undefined: no hash with this object identifier is known here. */
export function certIdOf({ leaf, issuer }: StapleSubject, hashOid: string): CertId | undefined {
  const name = HASHES[hashOid]
  if (name === undefined) return undefined
  const hash = (bytes: Buffer): Buffer => createHash(name).update(bytes).digest()
  const { serial, issuer: issuerName } = fieldsOf(leaf)
  return { hashOid, serial, nameHash: hash(issuerName), keyHash: hash(fieldsOf(issuer).key) }
}

/** Whether an answer names the same certificate as `certIdOf`. */
export const isSameCertId = (one: CertId, other: CertId | undefined): boolean =>
  other !== undefined &&
  one.hashOid === other.hashOid &&
  one.nameHash.equals(other.nameHash) &&
  one.keyHash.equals(other.keyHash) &&
  one.serial.equals(other.serial)

interface CertificateFields {
  readonly serial: Buffer
  /** The names with header. */
  readonly issuer: Buffer
  readonly subject: Buffer
  /** The public key without the algorithm. */
  readonly key: Buffer
}

/** Of the bytes that were signed (RFC 5280 4.1): Node hands out names as text only. */
export function fieldsOf({ raw }: Pick<X509Certificate, 'raw'>): CertificateFields {
  const [signed] = childrenOf(readOne(raw, tags.sequence), tags.sequence)
  const fields = childrenOf(signed, tags.sequence)
  const at = fields[0]?.tag === tags.context0 ? 1 : 0 // the version, which is missing in version 1
  const [serial, , issuer, , subject, keyInfo] = fields.slice(at)
  const key = readBits(childrenOf(keyInfo, tags.sequence)[1])
  if (!serial || !issuer || !subject || !key) throw new Error('OpenSSL has read what is none')
  return { serial: serial.content, issuer: issuer.whole, subject: subject.whole, key }
}
