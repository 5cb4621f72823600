/** Whose password a request tries: what its Authorization fields claim. Takes any text and never throws. */
import { claimedNames } from '../ntlm/claimed-names.ts'
import { accountKey } from './account-key.ts'

/** How a password is tried; it decides what a wrong one is answered with. */
export type SignInKind = 'ntlm' | 'negotiate' | 'basic' | 'soap' | 'oauth'

/** A try of a password. */
export interface Claim {
  readonly kind: SignInKind
  /** Keys of all accounts that it may be about, each once; empty: a password of nobody that could be named. */
  readonly users: readonly string[]
  /** The one account that a success is a success of; undefined: that is not clear. */
  readonly creditee: string | undefined
}

/** `leg`: a message of NTLM or Negotiate that tries nothing yet. */
export type AuthorizationReading = Claim | 'leg' | undefined

/** More than anybody needs; each is about one account. */
const MOST_USERS = 8

/** Longer than any head may be by default; base64 beyond it is not looked into. */
const MOST_TOKEN_CHARACTERS = 1_400_000

/**
 * What the Authorization fields of a request try. Several of them are one try of all accounts they name: which one the
 * server reads is not known.
 */
export function readAuthorizations(values: readonly string[]): AuthorizationReading {
  let isLeg = false
  const claims: Claim[] = []
  for (const value of values) {
    const reading = readAuthorization(value)
    if (reading === 'leg') isLeg = true
    else if (reading) claims.push(reading)
  }
  const [first, ...more] = claims
  if (!first) return isLeg ? 'leg' : undefined
  if (values.length === 1) return first
  const users = [first, ...more].flatMap((claim) => claim.users)
  return { kind: first.kind, users: distinct(users), creditee: undefined }
}

function readAuthorization(value: string): AuthorizationReading {
  const [, scheme = '', token = ''] = /^\s*([a-z0-9]+)\s+(\S.*)$/is.exec(value) ?? []
  const name = scheme.toLowerCase()
  if (name !== 'basic' && name !== 'ntlm' && !name.startsWith('nego')) return undefined
  const bytes = Buffer.from(token.slice(0, MOST_TOKEN_CHARACTERS), 'base64')
  if (name === 'basic') return readBasic(bytes)
  const names = claimedNames(bytes)
  if (!names) return 'leg'
  const creditee = accountKey(names.primary)
  const users = distinct([names.primary, ...names.others].map(accountKey))
  // Nobody: an anonymous sign-in has no password to guess (MS-NLMP 3.2.5.1.2).
  if (users.length === 0) return 'leg'
  const isClear = names.isOne && creditee !== ''
  return {
    kind: name === 'ntlm' ? 'ntlm' : 'negotiate',
    users,
    creditee: isClear ? creditee : undefined,
  }
}

/** RFC 7617: user, colon, password. Without a charset it is UTF-8 where that is possible, else of one byte each. */
function readBasic(bytes: Buffer): Claim {
  const end = bytes.indexOf(0x3a)
  const name = bytes.subarray(0, end === -1 ? bytes.length : end)
  const wide = name.toString('utf8')
  const user = accountKey(wide.includes('\ufffd') ? name.toString('latin1') : wide)
  return claimOf('basic', [user])
}

/** A claim of one account, or of several of which none can be credited. @param users keys */
export function claimOf(kind: SignInKind, users: readonly string[]): Claim {
  const keys = distinct(users)
  return { kind, users: keys, creditee: keys.length === 1 ? keys[0] : undefined }
}

const distinct = (users: readonly string[]): readonly string[] =>
  [...new Set(users.filter((user) => user !== ''))].slice(0, MOST_USERS)
