/** Whether an OCSP response may be stapled: who signed it, for which certificate, for how long, and what it says. */
import { createHash, verify, X509Certificate } from 'node:crypto'
import { certIdOf, fieldsOf, isSameCertId } from './cert-id.ts'
import { type BasicResponse, type ResponderId, readOcspResponse } from './ocsp-response.ts'
import type { StapleSubject } from './staple-subject.ts'

export type Verdict =
  | { readonly kind: 'good'; readonly thisUpdate: Date; readonly nextUpdate: Date }
  | { readonly kind: 'revoked'; readonly thisUpdate: Date }
  | { readonly kind: 'unknown' }
  /** Nobody can tell what it says; `reason` is for the log. */
  | { readonly kind: 'unusable'; readonly reason: string }

/** Clocks differ; RFC 5019 4 leaves it to us by how much. */
const SKEW_MS = 300_000

/** More than responders send along: their own, and perhaps who issued it. */
const MOST_CERTIFICATES = 8

/** Never throws, whatever the bytes are. */
export function judgeResponse(bytes: Buffer, subject: StapleSubject, now: Date): Verdict {
  const response = readOcspResponse(bytes)
  if (!response) return unusable('malformed response')
  if (response.kind === 'refused') return unusable(`the responder says ${response.status}`)
  const answer = response.answers.find(({ certId }) =>
    isSameCertId(certId, certIdOf(subject, certId.hashOid)),
  )
  if (!answer) return unusable('an answer for another certificate')
  const trouble = inspectSignature(response, subject, now)
  if (trouble !== undefined) return unusable(trouble)
  const { status, thisUpdate, nextUpdate } = answer
  if (thisUpdate.getTime() > now.getTime() + SKEW_MS) return unusable('an answer from the future')
  if (!nextUpdate) return unusable('an answer without end') // nobody could tell when to forget it
  if (nextUpdate <= now || nextUpdate <= thisUpdate) return unusable('an answer that has expired')
  if (status === 'good') return { kind: 'good', thisUpdate, nextUpdate }
  return status === 'revoked' ? { kind: 'revoked', thisUpdate } : { kind: 'unknown' }
}

const unusable = (reason: string): Verdict => ({ kind: 'unusable', reason })

/** RFC 6960 4.2.2.2: the issuer signs itself, or a responder that it has given a certificate for this purpose. */
function inspectSignature(
  response: BasicResponse,
  { issuer }: StapleSubject,
  now: Date,
): string | undefined {
  const { responder } = response
  if (isOf(responder, issuer))
    return isSignedBy(response, issuer) ? undefined : 'a signature that does not verify'
  const found = response.certificates
    .slice(0, MOST_CERTIFICATES)
    .flatMap((der) => readCertificate(der) ?? [])
    .find((each) => isOf(responder, each))
  if (!found) return 'signed by nobody who is known'
  const trouble = inspectResponder(found, issuer, now)
  return trouble ?? (isSignedBy(response, found) ? undefined : 'a signature that does not verify')
}

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

function inspectResponder(
  responder: X509Certificate,
  issuer: X509Certificate,
  now: Date,
): string | undefined {
  if (!responder.checkIssued(issuer) || !isVerified(() => responder.verify(issuer.publicKey)))
    return 'a responder of another issuer'
  // Without the extension a server certificate of the same issuer would do. Node's types call it by another name.
  const uses: readonly string[] | undefined = responder.keyUsage
  if (!uses?.includes(OCSP_SIGNING)) return 'a responder without OCSPSigning'
  const isYoung = new Date(responder.validFrom).getTime() > now.getTime() + SKEW_MS
  const isOver = new Date(responder.validTo).getTime() < now.getTime() - SKEW_MS
  return isYoung || isOver ? 'a responder whose certificate is not valid now' : undefined
}

function isOf({ kind, value }: ResponderId, certificate: X509Certificate): boolean {
  const { subject, key } = fieldsOf(certificate)
  return value.equals(kind === 'name' ? subject : createHash('sha1').update(key).digest())
}

/** Which kind of key an algorithm is for, and its hash; null: it is a part of the algorithm. No SHA-1: clients refuse it. */
const ALGORITHMS: Readonly<Record<string, readonly [keyType: string, hash: string | null]>> = {
  '1.2.840.113549.1.1.11': ['rsa', 'sha256'],
  '1.2.840.113549.1.1.12': ['rsa', 'sha384'],
  '1.2.840.113549.1.1.13': ['rsa', 'sha512'],
  '1.2.840.10045.4.3.2': ['ec', 'sha256'],
  '1.2.840.10045.4.3.3': ['ec', 'sha384'],
  '1.2.840.10045.4.3.4': ['ec', 'sha512'],
  '1.3.101.112': ['ed25519', null],
  '1.3.101.113': ['ed448', null],
}

function isSignedBy(
  { signed, signature, signatureOid }: BasicResponse,
  signer: X509Certificate,
): boolean {
  const [keyType, hash] = ALGORITHMS[signatureOid] ?? []
  return isVerified(() => {
    const { publicKey } = signer
    const isOfKind = hash !== undefined && publicKey.asymmetricKeyType === keyType
    return isOfKind && verify(hash, signed, publicKey, signature)
  })
}

/** OpenSSL throws at keys of kinds that it does not know. */
function isVerified(verifies: () => boolean): boolean {
  try {
    return verifies()
  } catch {
    return false
  }
}

function readCertificate(der: Buffer): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    fieldsOf(certificate)
    return certificate
  } catch {
    return undefined
  }
}
