/**
 * One key for all spellings of an account, as far as that can be known from outside. Two spellings with two keys are two
 * budgets for whoever guesses, one key for two accounts only blocks both: where it is not clear, one key it is.
 */
import { createHash } from 'node:crypto'

/** Longer than any name that people type; what is longer is told apart by a hash. */
const MOST_CHARACTERS = 64

/**
 * - The domain does not count. A server takes `\alice`, `CONTOSO\alice`, `contoso.local\alice` and, from a domain that
 *   it does not know, `ANYTHING\alice` for the same account: it falls back to its own domain (MS-APDS, MS-NRPC).
 * - Of `alice@contoso.com` the left part counts: `sAMAccountName@DNS-domain` signs in whatever the UPN is. A UPN whose
 *   left part differs from the sAMAccountName is a second key; nobody outside can know that they are one.
 * - Active Directory compares names without regard to case, diacritics, width and kana (its linguistic index ignores
 *   them), so `ALICE`, `álice` and full-width `ａｌｉｃｅ` are `alice`.
 */
export function accountKey(name: string): string {
  const whole = fold(name.slice(0, 1024))
  // IIS takes both slashes in Basic. From the last one: no part of a domain name has one.
  const account = whole.slice(Math.max(whole.lastIndexOf('\\'), whole.lastIndexOf('/')) + 1)
  const at = account.indexOf('@')
  const key = (at > 0 ? account.slice(0, at) : account).replace(/^[\s.]+|[\s.]+$/g, '')
  if (key.length <= MOST_CHARACTERS) return key
  return `${key.slice(0, 16)}~${createHash('sha256').update(key).digest('hex').slice(0, 32)}`
}

/** Control and format characters play no part in a comparison; nor may they reach a log or a terminal. */
function fold(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\p{Mn}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(/[\u3041-\u3096]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) + 0x60))
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
}
