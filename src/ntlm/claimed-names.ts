/**
 * Whose password a type 3 message tries. For an observer, not for a server: everything that a server could take for the
 * name is read, because a name that is not seen is a guess that is not counted. Takes any bytes and never throws.
 */
import { ntlmFlags } from './ntlm-message.ts'

/** What somebody claims to be. */
export interface ClaimedNames {
  /** The name as the message says it is written; empty: nobody. */
  readonly primary: string
  /** Every other name that a server might read, at most a few. */
  readonly others: readonly string[]
  /** There is one message: the others are other readings of the same name. */
  readonly isOne: boolean
}

const SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1')

/** A SPNEGO token holds one message; more than a few are an attempt to hide the one that counts. */
const MOST_MESSAGES = 8

/** The user field is read even when a message lacks all that is behind it (MS-NLMP 2.2.1.3). */
const LEAST_BYTES = 44

/** No account name is longer (sAMAccountName: 256 characters in the schema; a UPN: 1024). */
const MOST_NAME_BYTES = 2048

/**
 * The names in a token of the schemes NTLM and Negotiate.
 *
 * SPNEGO (RFC 4178) wraps the message in ASN.1, which can be spelt in many ways: the message is found by its signature
 * instead, wherever it is. A token with several of them claims all their names.
 * @returns undefined: no type 3 is in there (a first leg, Kerberos, nonsense)
 */
export function claimedNames(token: Buffer): ClaimedNames | undefined {
  const found: Names[] = []
  let at = token.indexOf(SIGNATURE)
  for (let seen = 0; at !== -1 && seen < MOST_MESSAGES; seen++) {
    const message = token.subarray(at)
    if (message.length >= 12 && message.readUInt32LE(8) === 3) found.push(readNames(message))
    at = token.indexOf(SIGNATURE, at + 1)
  }
  const [first, ...more] = found
  if (!first) return undefined
  return {
    primary: first.primary,
    isOne: more.length === 0,
    others: [...first.others, ...more.flatMap(({ primary, others }) => [primary, ...others])],
  }
}

type Names = Omit<ClaimedNames, 'isOne'>

function readNames(message: Buffer): Names {
  if (message.length < LEAST_BYTES) return { primary: '', others: [] }
  const length = message.readUInt16LE(36)
  const offset = message.readUInt32LE(40)
  const bytes = message.subarray(offset, offset + Math.min(length, MOST_NAME_BYTES))
  const isUnicode = message.length < 64 || (message.readUInt32LE(60) & ntlmFlags.unicode) !== 0
  const [primary = '', ...others] = readings(bytes, isUnicode)
  return { primary, others }
}

/**
 * The server goes by what was negotiated, not by the flags of this message, so both spellings may count. Text without
 * a NUL byte may be either of the two; with one it is UTF-16, for no name in an OEM code page has one.
 */
function readings(bytes: Buffer, isUnicode: boolean): readonly string[] {
  if (bytes.length === 0) return []
  const wide = bytes.toString('utf16le')
  if (bytes.includes(0)) return [wide]
  const narrow = bytes.toString('latin1')
  if (bytes.length % 2 === 1) return [narrow]
  return isUnicode ? [wide, narrow] : [narrow, wide]
}
