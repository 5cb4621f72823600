/** The people of the lab. Their passwords are public on purpose: the lab guards nothing. */

/** A test user of the domain CONTOSO. */
export interface LabUser {
  /** The account name, lower case. */
  readonly name: string
  /** The NetBIOS domain: `CONTOSO`. */
  readonly domain: string
  readonly password: string
  readonly sipAddress: string
}

/** Alice and Bob. */
export const labUsers: readonly LabUser[] = [
  {
    name: 'alice',
    domain: 'CONTOSO',
    password: 'Wonderland-7',
    sipAddress: 'alice@contoso.com',
  },
  {
    name: 'bob',
    domain: 'CONTOSO',
    password: 'Toolbox-42',
    sipAddress: 'bob@contoso.com',
  },
]

/** `CONTOSO\alice`: how a user is shown in `X-Lab-User` and in records. */
export function accountOf(user: LabUser): string {
  return `${user.domain}\\${user.name}`
}

/**
 * Finds a user by any of the spellings that clients send: `alice`, `CONTOSO\alice`, `alice@contoso.com`,
 * in any case.
 */
export function findUser(spelling: string): LabUser | undefined {
  const wanted = spelling.toLowerCase()
  return labUsers.find((user) =>
    [user.name, accountOf(user).toLowerCase(), user.sipAddress].includes(wanted),
  )
}
