/** The wrong passwords of each account, counted as a domain controller counts them ([MS-SAMR] 3.1.1.8.9). */

export interface LockoutPolicy {
  /** `Account lockout threshold`: from so many on the account is locked; 0: never. */
  readonly threshold: number
  /** `Reset account lockout counter after`: the count begins anew when none was wrong for so long. */
  readonly windowMs: number
}

interface Account {
  badPasswords: number
  lastBadAtMs: number
  mostBadPasswords: number
  wrongPasswords: number
}

/** The accounts of a domain. Names that nobody has are counted too, so that tests can look at them. */
export interface Accounts {
  /** Notes a try. False: the password was wrong, or the account is locked. */
  judge(name: string, isRight: boolean): boolean
  /** `badPwdCount` at its highest so far. */
  mostBadPasswords(name: string): number
  /** All of them, whatever was right in between. */
  wrongPasswords(name: string): number
  /** Every name with a wrong password so far. */
  readonly names: readonly string[]
}

/** Starts with no wrong password. @param now monotonic milliseconds */
export function createAccounts(policy: LockoutPolicy, now: () => number): Accounts {
  const accounts = new Map<string, Account>()

  function accountOf(name: string): Account {
    const key = name.toLowerCase().replace(/^.*\\|@.*$/g, '')
    const known = accounts.get(key)
    if (known) return known
    const account = {
      badPasswords: 0,
      lastBadAtMs: Number.NEGATIVE_INFINITY,
      mostBadPasswords: 0,
      wrongPasswords: 0,
    }
    accounts.set(key, account)
    return account
  }

  function judge(name: string, isRight: boolean): boolean {
    const account = accountOf(name)
    const isOver = now() - account.lastBadAtMs > policy.windowMs
    if (isOver) account.badPasswords = 0
    if (policy.threshold > 0 && account.badPasswords >= policy.threshold) return false
    if (isRight) {
      account.badPasswords = 0
      return true
    }
    account.badPasswords += 1
    account.wrongPasswords += 1
    account.lastBadAtMs = now()
    account.mostBadPasswords = Math.max(account.mostBadPasswords, account.badPasswords)
    return false
  }

  return {
    judge,
    mostBadPasswords: (name) => accountOf(name).mostBadPasswords,
    wrongPasswords: (name) => accountOf(name).wrongPasswords,
    get names() {
      return [...accounts.keys()]
    },
  }
}

/** As a domain is installed: no lock-out, a window of half an hour for whoever counts. */
export const noLockout: LockoutPolicy = { threshold: 0, windowMs: 30 * 60_000 }
