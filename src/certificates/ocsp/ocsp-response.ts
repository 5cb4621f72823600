/** Takes an OCSP response apart (RFC 6960 4.2.1). Nothing in it is believed yet. Never throws. */
import {
  childrenOf,
  type DerNode,
  readBits,
  readGeneralizedTime,
  readOid,
  readOne,
  tags,
} from '../der.ts'
import type { CertId } from './cert-id.ts'

export type CertStatus = 'good' | 'revoked' | 'unknown'

/** What is said of one certificate. */
export interface OcspAnswer {
  readonly certId: CertId
  readonly status: CertStatus
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
}

/** Who says that it has signed: a name (with header) or the SHA-1 of a key. */
export interface ResponderId {
  readonly kind: 'name' | 'key'
  readonly value: Buffer
}

export interface BasicResponse {
  readonly kind: 'basic'
  /** The bytes that the signature is for. */
  readonly signed: Buffer
  readonly signatureOid: string
  readonly signature: Buffer
  readonly responder: ResponderId
  readonly answers: readonly OcspAnswer[]
  /** DER; the responder sends them along so that its signature can be verified. */
  readonly certificates: readonly Buffer[]
}

/** The responder gave no answer, and says why. */
export interface RefusedResponse {
  readonly kind: 'refused'
  readonly status: string
}

const BASIC = '1.3.6.1.5.5.7.48.1.1'

/** RFC 6960 4.2.1, OCSPResponseStatus; 4 is not used. */
const STATUSES: readonly (string | undefined)[] = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
]

/** Undefined: it is none, or one with something critical in it that is not known here. */
export function readOcspResponse(bytes: Buffer): BasicResponse | RefusedResponse | undefined {
  const outer = readOne(bytes, tags.sequence)
  // What follows would go to clients unseen.
  if (outer?.whole.length !== bytes.length) return undefined
  const [status, body] = childrenOf(outer, tags.sequence)
  const code = status?.tag === tags.enumerated && status.content.length === 1 && status.content[0]
  if (typeof code !== 'number') return undefined
  if (code !== 0) return { kind: 'refused', status: STATUSES[code] ?? `status ${code}` }
  const [typed] = childrenOf(body, tags.context0)
  const [type, octets] = childrenOf(typed, tags.sequence)
  if (readOid(type) !== BASIC || octets?.tag !== tags.octets) return undefined
  return readBasic(octets.content)
}

function readBasic(bytes: Buffer): BasicResponse | undefined {
  const outer = readOne(bytes, tags.sequence)
  if (outer?.whole.length !== bytes.length) return undefined
  const [signed, algorithm, bits, extra] = childrenOf(outer, tags.sequence)
  const data = readData(signed)
  const signatureOid = readOid(childrenOf(algorithm, tags.sequence)[0])
  const signature = readBits(bits)
  if (!signed || !data || !signature) return undefined
  const [list] = childrenOf(extra, tags.context0)
  const certificates = childrenOf(list, tags.sequence).map(({ whole }) => whole)
  return { kind: 'basic', signed: signed.whole, signatureOid, signature, certificates, ...data }
}

function readData(
  node: DerNode | undefined,
): Pick<BasicResponse, 'responder' | 'answers'> | undefined {
  const fields = childrenOf(node, tags.sequence)
  const at = fields[0]?.tag === tags.context0 ? 1 : 0 // the version
  const [id, , list, extensions] = fields.slice(at)
  const responder = readResponder(id)
  if (!responder || list?.tag !== tags.sequence || hasCritical(extensions)) return undefined
  const answers: OcspAnswer[] = []
  for (const each of childrenOf(list, tags.sequence)) {
    const answer = readAnswer(each)
    if (!answer) return undefined
    answers.push(answer)
  }
  return { responder, answers }
}

function readResponder(node: DerNode | undefined): ResponderId | undefined {
  if (node?.tag === tags.context1) return { kind: 'name', value: node.content }
  const key = node?.tag === tags.context2 ? readOne(node.content, tags.octets) : undefined
  return key && { kind: 'key', value: key.content }
}

/** The tags of CertStatus: `good` and `unknown` are NULL, `revoked` has when and why in it. */
const CERT_STATUSES: Readonly<Record<number, CertStatus>> = {
  128: 'good',
  161: 'revoked',
  130: 'unknown',
}

function readAnswer(node: DerNode): OcspAnswer | undefined {
  const [id, state, since, ...more] = childrenOf(node, tags.sequence)
  const certId = readCertId(id)
  const status = state && CERT_STATUSES[state.tag]
  const thisUpdate = readGeneralizedTime(since)
  const until = more.find(({ tag }) => tag === tags.context0)
  const nextUpdate = readGeneralizedTime(childrenOf(until, tags.context0)[0])
  const isClear = until === undefined || nextUpdate !== undefined
  const extensions = more.find(({ tag }) => tag === tags.context1)
  if (!certId || !status || !thisUpdate || !isClear || hasCritical(extensions)) return undefined
  return { certId, status, thisUpdate, nextUpdate }
}

function readCertId(node: DerNode | undefined): CertId | undefined {
  const [algorithm, name, key, serial] = childrenOf(node, tags.sequence)
  const isWhole =
    name?.tag === tags.octets && key?.tag === tags.octets && serial?.tag === tags.integer
  if (!isWhole) return undefined
  return {
    hashOid: readOid(childrenOf(algorithm, tags.sequence)[0]),
    nameHash: name.content,
    keyHash: key.content,
    serial: serial.content,
  }
}

/** None of the extensions there are would change what is done here, but a critical one asks to be understood. */
function hasCritical(extensions: DerNode | undefined): boolean {
  const [list] = childrenOf(extensions, tags.context1)
  return childrenOf(list, tags.sequence).some((each) => {
    const flag = childrenOf(each, tags.sequence)[1]
    return flag?.tag === tags.boolean && flag.content[0] !== 0
  })
}
