/** What clients will think of a certificate that fits its key. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { commonNameOf, issuerOf, type LoadedCertificate, namesOf } from './certificate.ts'
import type { Chain } from './chain.ts'
import { childrenOf, readOid, readOne, tags } from './der.ts'
import { daysLeft, passedThreshold } from './expiry.ts'
import { stapleSubjectOf, UNSTAPLABLE } from './ocsp/staple-subject.ts'
import { type CertificateKey, type CertificateTrouble, trouble } from './trouble.ts'

export interface Inspected {
  readonly chain: Chain
  readonly key: KeyObject
  /** The path and the key of the rules file, for messages. */
  readonly path: string
  readonly file: CertificateKey
  /** `client`: it is shown to servers, and names do not matter. */
  readonly purpose: 'server' | 'client'
  /** OCSP stapling is on. */
  readonly isStapled: boolean
}

/** A certificate as plain data. */
export function toLoaded({ chain, key }: Inspected): LoadedCertificate {
  const { leaf, ordered } = chain
  return {
    names: namesOf(leaf),
    certPem: ordered.map((each) => each.toString()).join(''),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
    issuer: issuerOf(leaf),
    serialNumber: leaf.serialNumber,
    keyType: key.asymmetricKeyType ?? 'unknown',
    keyBits: key.asymmetricKeyDetails?.modulusLength,
  }
}

/** Everything that is wrong with it, the grave first. */
export function inspectCertificate(inspected: Inspected, now: Date): readonly CertificateTrouble[] {
  return [
    ...inspectStrength(inspected),
    ...inspectTimes(inspected, now),
    ...inspectChain(inspected),
    ...(inspected.purpose === 'server' ? inspectUse(inspected) : []),
  ]
}

/** What OpenSSL refuses at its security level, and clients have refused for years. */
function inspectStrength({ chain, key, path, file }: Inspected): readonly CertificateTrouble[] {
  const found: CertificateTrouble[] = []
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < 2048) {
    const message = `${path} has an RSA key of ${bits} bits`
    found.push(trouble('weak-key', { file, message }, 'ask for a new one with 2048 bits or more'))
  }
  const weak = chain.ordered.find((each) => !isSelfIssued(each) && isWeaklySigned(each))
  if (weak) {
    const message = `in ${path}, ${describe(weak)} is signed with SHA-1 or MD5`
    found.push(
      trouble('weak-signature', { file, message }, 'let the authority issue it with SHA-256'),
    )
  }
  return found
}

const isSelfIssued = ({ subject, issuer }: X509Certificate): boolean => subject === issuer

const WEAK_SIGNATURES = new Set([
  '1.2.840.113549.1.1.4', // md5WithRSAEncryption
  '1.2.840.113549.1.1.5', // sha1WithRSAEncryption
  '1.2.840.10045.4.1', // ecdsa-with-SHA1
  '1.2.840.10040.4.3', // dsa-with-sha1
])

/** Read from the bytes (RFC 5280 4.1.1.2): Node tells the algorithm only from 24.9 on. */
function isWeaklySigned({ raw }: X509Certificate): boolean {
  const [, algorithm] = childrenOf(readOne(raw, tags.sequence), tags.sequence)
  return WEAK_SIGNATURES.has(readOid(childrenOf(algorithm, tags.sequence)[0]))
}

function inspectTimes(
  { chain, path, file, purpose }: Inspected,
  now: Date,
): readonly CertificateTrouble[] {
  const reader = purpose === 'server' ? 'clients' : 'the servers'
  const found: CertificateTrouble[] = []
  for (const each of chain.ordered) {
    const notBefore = new Date(each.validFrom)
    const notAfter = new Date(each.validTo)
    const what = each === chain.leaf ? path : `in ${path}, ${describe(each)}`
    if (notAfter < now) {
      const message = `${what} expired on ${day(notAfter)}`
      found.push(trouble('certificate-expired', { file, message }, `${reader} refuse it: renew it`))
    } else if (notBefore > now) {
      const message = `${what} is valid from ${notBefore.toISOString()} on`
      const hint = `${reader} refuse it until then: is the clock of this machine right?`
      found.push(trouble('certificate-not-yet-valid', { file, message }, hint))
    } else if (each === chain.leaf && passedThreshold({ notBefore, notAfter }, now) !== undefined) {
      const days = daysLeft({ notAfter }, now)
      const message = `${path} expires on ${day(notAfter)}, in ${days} ${days === 1 ? 'day' : 'days'}`
      found.push(trouble('certificate-expires-soon', { file, message }, 'renew it before that day'))
    }
  }
  return found
}

function inspectChain({ chain, path, file }: Inspected): readonly CertificateTrouble[] {
  const found: CertificateTrouble[] = []
  if (chain.isReordered) {
    const message = `${path} has its certificates in another order, or some that do not belong to its chain`
    const hint = 'it is sent in the right order: server certificate, then each who signed the last'
    found.push(trouble('chain-order', { file, message }, hint))
  }
  if (chain.lacksIntermediates) {
    const message = `${path} has no intermediate certificate: "${issuerOf(chain.leaf)}", who signed it, is no root that is known here`
    const hint =
      'append the intermediates that the authority sent along, or name them under "chain"; without them phones and other clients refuse it'
    found.push(trouble('chain-incomplete', { file, message }, hint))
  }
  return found
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
/** The object identifier 1.3.6.1.5.5.7.1.24 as DER (RFC 7633). */
const TLS_FEATURE = Buffer.from('06082b06010505070118', 'hex')
const ANY_USE = '2.5.29.37.0'

function inspectUse(inspected: Inspected): readonly CertificateTrouble[] {
  const { chain, path, file } = inspected
  const { leaf } = chain
  const found: CertificateTrouble[] = []
  // Without the extension everything is allowed; Node's types call it by the name of another one.
  const uses: readonly string[] | undefined = leaf.keyUsage
  if (uses && !uses.includes(SERVER_AUTH) && !uses.includes(ANY_USE)) {
    const message = `${path} is not made for servers (no serverAuth in its extended key usage)`
    const hint = 'clients refuse it: ask for a web server certificate'
    found.push(trouble('no-server-auth', { file, message }, hint))
  }
  if (leaf.raw.includes(TLS_FEATURE)) {
    const missing = staplingTrouble(inspected)
    if (missing) {
      const message = `${path} demands OCSP stapling (must-staple), but ${missing.why}`
      found.push(
        trouble('must-staple', { file, message }, `some clients refuse it: ${missing.remedy}`),
      )
    }
  }
  if (namesOf(leaf).length === 0) {
    const message = `${path} carries no DNS name`
    const hint = 'no client ever gets it: ask for one with the published names'
    found.push(trouble('certificate-without-names', { file, message }, hint))
  } else if (!/DNS:/.test(leaf.subjectAltName ?? '')) {
    const message = `${path} has its name only as common name`
    const hint = 'browsers and newer clients refuse it: ask for subject alternative names'
    found.push(trouble('names-without-san', { file, message }, hint))
  }
  return found
}

/** Why nothing can be stapled to a certificate. */
function staplingTrouble({ chain, isStapled }: Inspected) {
  if (!isStapled) return { why: 'that is off', remedy: 'write "ocspStapling: on"' }
  const subject = stapleSubjectOf(chain.ordered)
  return typeof subject === 'string' ? UNSTAPLABLE[subject] : undefined
}

const day = (date: Date): string => date.toISOString().slice(0, 10)

const describe = ({ subject }: X509Certificate): string => `"${commonNameOf(subject)}"`
