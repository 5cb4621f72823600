/** What is to be done for a name, and when. Pure; times in milliseconds since 1970. */
import { createHash } from 'node:crypto'
import { renewalTime } from './schedule.ts'
import { type NameState, type StoredCertificate, unknownName } from './storage.ts'

export interface NamePlan {
  readonly name: string
  readonly certificate: StoredCertificate | undefined
  /** Without what is about another certificate. */
  readonly state: NameState
  /** When to order. */
  readonly orderAt: number
  /** When to ask for renewal information; Infinity: never. */
  readonly askAt: number
}

export interface NameFacts {
  readonly certificate: StoredCertificate | undefined
  readonly state: NameState | undefined
  /** The directories of the file. */
  readonly directories: readonly string[]
}

const DAY = 86_400_000

export function planName(name: string, facts: NameFacts): NamePlan {
  const { certificate, directories } = facts
  const state = stateFor(facts.state ?? unknownName, certificate)
  const isForeign = state.directory !== undefined && !directories.includes(state.directory)
  const wishedAt = certificate && !isForeign ? renewAtOf(certificate, state) : 0
  const isAsked = certificate !== undefined && state.directory !== undefined && !isForeign
  return {
    name,
    certificate,
    state,
    orderAt: Math.max(wishedAt, state.nextTryAt),
    askAt: isAsked ? state.askAt : Number.POSITIVE_INFINITY,
  }
}

export const nextDue = ({ orderAt, askAt }: NamePlan): number => Math.min(orderAt, askAt)

/** When to renew a certificate that is there, failed tries aside. */
export function renewAtOf(certificate: StoredCertificate, { renewAt }: NameState): number {
  const { notBefore, notAfter, serial } = certificate
  // An authority that would see every certificate renewed at once, for ever, is not followed.
  const earliest = notBefore + Math.min(DAY, (notAfter - notBefore) / 6)
  return Math.max(renewAt ?? renewalTime(certificate, chanceOf(serial)), earliest)
}

/** The same at each look, so that looking often does not mean renewing early. */
const chanceOf = (serial: string): number =>
  createHash('sha256').update(serial).digest().readUInt32BE() / 2 ** 32

function stateFor(state: NameState, certificate: StoredCertificate | undefined): NameState {
  if (state.serial === certificate?.serial) return state
  const { failures, nextTryAt } = state
  return { ...unknownName, failures, nextTryAt, serial: certificate?.serial }
}
