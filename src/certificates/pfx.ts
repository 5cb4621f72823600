/**
 * PKCS #12 (RFC 7292): what Windows exports as .pfx. Taken apart here and not by OpenSSL, because Node hands out neither
 * the chain nor the key of one, and both are checked like those of PEM files.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  type KeyObject,
  pbkdf2Sync,
  timingSafeEqual,
  X509Certificate,
} from 'node:crypto'
import { childrenOf, type DerNode, readOid, readOne, readSmallInteger, tags } from './der.ts'
import { derivePkcs12Key } from './pkcs12-key.ts'

/** What is in the file; the certificates in its order. */
export interface PfxContent {
  readonly certificates: readonly X509Certificate[]
  readonly key: KeyObject
}

/** Why it cannot be used. `old-encryption`: RC2 or RC4, which OpenSSL 3 no longer has. */
export type PfxTrouble = 'not-a-pfx' | 'old-encryption' | 'wrong-passphrase' | 'no-key'

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  tripleDes: '1.2.840.113549.1.12.1.3',
} as const

/** PKCS #5 and the NIST arcs, as far as programs write them into such files. */
const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

const ciphers: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
}

/** Far above what programs write; a file must not stop the process for minutes. */
const MAX_ITERATIONS = 5_000_000

/** Thrown inside this file only. */
class Unusable extends Error {
  readonly trouble: PfxTrouble
  constructor(trouble: PfxTrouble) {
    super(trouble)
    this.trouble = trouble
  }
}

/** Reads it. Never throws. */
export function readPfx(bytes: Buffer, passphrase: string): PfxContent | PfxTrouble {
  try {
    return read(bytes, passphrase)
  } catch (error) {
    return error instanceof Unusable ? error.trouble : 'not-a-pfx'
  }
}

function read(bytes: Buffer, passphrase: string): PfxContent {
  const [version, authSafe, macData] = childrenOf(readOne(bytes, tags.sequence), tags.sequence)
  if (readSmallInteger(version) !== 3) throw new Unusable('not-a-pfx')
  const content = dataOf(authSafe)
  if (macData) checkMac(macData, content, passphrase)
  const bags = childrenOf(readOne(content, tags.sequence), tags.sequence)
    .map((info) => openContent(info, passphrase))
    .flatMap((each) => childrenOf(readOne(each, tags.sequence), tags.sequence))
  const certificates = bags.flatMap(certificateOf)
  const [key] = bags.flatMap((bag) => keyOf(bag, passphrase))
  if (certificates.length === 0) throw new Unusable('not-a-pfx')
  if (!key) throw new Unusable('no-key')
  return { certificates, key }
}

/** The octets of a ContentInfo of the kind `data`. */
function dataOf(info: DerNode | undefined): Buffer {
  const [kind, wrapped] = childrenOf(info, tags.sequence)
  const [octets] = childrenOf(wrapped, tags.context0)
  // A public-key protected file has signedData here; nobody exports web certificates so.
  if (readOid(kind) !== oids.data || octets?.tag !== tags.octets) throw new Unusable('not-a-pfx')
  return octets.content
}

function openContent(info: DerNode, passphrase: string): Buffer {
  const [kind, wrapped] = childrenOf(info, tags.sequence)
  if (readOid(kind) !== oids.encryptedData) return dataOf(info)
  const [encrypted] = childrenOf(wrapped, tags.context0)
  const [, inner] = childrenOf(encrypted, tags.sequence)
  const [, algorithm, octets] = childrenOf(inner, tags.sequence)
  if (!algorithm || !octets) throw new Unusable('not-a-pfx')
  return decrypt(algorithm, octets.content, passphrase)
}

function decrypt(algorithm: DerNode, bytes: Buffer, passphrase: string): Buffer {
  const { cipher, key, iv } = cipherOf(algorithm, passphrase)
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(bytes), decipher.final()])
  } catch {
    throw new Unusable('wrong-passphrase')
  }
}

function cipherOf(algorithm: DerNode, passphrase: string) {
  const [scheme, parameters] = childrenOf(algorithm, tags.sequence)
  const parts = childrenOf(parameters, tags.sequence)
  const oid = readOid(scheme)
  if (oid === oids.tripleDes) {
    const [salt, rounds] = parts
    const given = {
      passphrase,
      salt: salt?.content ?? Buffer.alloc(0),
      iterations: roundsOf(rounds),
    }
    const key = derivePkcs12Key({ ...given, digest: 'sha1', purpose: 'key', bytes: 24 })
    const iv = derivePkcs12Key({ ...given, digest: 'sha1', purpose: 'iv', bytes: 8 })
    return { cipher: 'des-ede3-cbc', key, iv }
  }
  if (oid !== oids.pbes2) throw new Unusable('old-encryption')
  const [derivation, encryption] = parts.map((part) => childrenOf(part, tags.sequence))
  const [cipherId, iv] = encryption ?? []
  const [cipher, keyBytes] = ciphers[readOid(cipherId)] ?? []
  if (readOid(derivation?.[0]) !== oids.pbkdf2 || !cipher || !keyBytes || !iv)
    throw new Unusable('old-encryption')
  const [salt, rounds, ...more] = childrenOf(derivation?.[1], tags.sequence)
  // The key length may stand between; without a function it is HMAC with SHA-1 (RFC 8018 A.2).
  const prf = more.find(({ tag }) => tag === tags.sequence)
  const digest = prf ? digests[readOid(childrenOf(prf, tags.sequence)[0])] : 'sha1'
  if (!digest || salt?.tag !== tags.octets) throw new Unusable('old-encryption')
  const key = pbkdf2Sync(passphrase, salt.content, roundsOf(rounds), keyBytes, digest)
  return { cipher, key, iv: iv.content }
}

function roundsOf(node: DerNode | undefined): number {
  const rounds = node === undefined ? 1 : readSmallInteger(node)
  if (rounds < 1 || rounds > MAX_ITERATIONS) throw new Unusable('not-a-pfx')
  return rounds
}

/** Says that the passphrase is right before anything is decrypted with it (RFC 7292 4, appendix B.4). */
function checkMac(macData: DerNode, content: Buffer, passphrase: string): void {
  const [digestInfo, salt, rounds] = childrenOf(macData, tags.sequence)
  const [algorithm, expected] = childrenOf(digestInfo, tags.sequence)
  const digest = digests[readOid(childrenOf(algorithm, tags.sequence)[0])]
  // Of a newer kind (RFC 9579): decrypting shows as well whether the passphrase is right.
  if (!digest || !expected || !salt) return
  const key = derivePkcs12Key({
    passphrase,
    salt: salt.content,
    iterations: roundsOf(rounds),
    digest,
    purpose: 'mac',
    bytes: createHash(digest).digest().length,
  })
  const mac = createHmac(digest, key).update(content).digest()
  if (mac.length !== expected.content.length || !timingSafeEqual(mac, expected.content))
    throw new Unusable('wrong-passphrase')
}

function certificateOf(bag: DerNode): readonly X509Certificate[] {
  const [kind, wrapped] = childrenOf(bag, tags.sequence)
  if (readOid(kind) !== oids.certBag) return []
  const [value] = childrenOf(wrapped, tags.context0)
  const [type, certificate] = childrenOf(value, tags.sequence)
  const [octets] = childrenOf(certificate, tags.context0)
  return readOid(type) === oids.x509 && octets ? [new X509Certificate(octets.content)] : []
}

function keyOf(bag: DerNode, passphrase: string): readonly KeyObject[] {
  const [kind, wrapped] = childrenOf(bag, tags.sequence)
  const oid = readOid(kind)
  const [value] = childrenOf(wrapped, tags.context0)
  if (!value || (oid !== oids.keyBag && oid !== oids.shroudedKeyBag)) return []
  const form = { key: value.whole, format: 'der', type: 'pkcs8' } as const
  if (oid === oids.keyBag) return [createPrivateKey(form)]
  try {
    return [createPrivateKey({ ...form, passphrase })]
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new Unusable(/UNSUPPORTED/.test(code) ? 'old-encryption' : 'wrong-passphrase')
  }
}
