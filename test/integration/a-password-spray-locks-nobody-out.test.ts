/**
 * Attackers try passwords of many accounts and many passwords of one account, from one address and from many, while the
 * owners of the accounts sign in. The domain counts, and locks accounts at 10 wrong passwords.
 */
import t, { type Test } from 'tap'
import { type GuardedLab, startGuardedLab } from '../support/guarded-lab.ts'
import { guess, openGuesser, tryNtlm, wrongFor } from '../support/guesser.ts'
import { credentialsOf } from '../support/lab-proxy.ts'

const THRESHOLD = 10
const ATTACKERS = 12
const madeUp = Array.from({ length: 8 }, (_, at) => `user${at}`)

/** The domain's own spellings, so that a new one is no new account. */
const spellings = ['alice', 'ALICE', 'alice@contoso.com', 'CONTOSO\\alice', 'alice@contoso.local']

/** One connection, one wrong password after another. */
async function spray(t: Test, { target }: GuardedLab, from: string): Promise<void> {
  const client = await openGuesser(t, target(from))
  for (const user of ['bob', ...madeUp]) await tryNtlm(client, wrongFor(user, `DOMAIN-${from}`))
  client.close()
}

/** As many at once as a machine can: none waits for the answer of another. */
const hammer = (t: Test, { target }: GuardedLab, from: string): Promise<unknown> =>
  Promise.all(
    spellings.flatMap((user) => [1, 2, 3].map(() => guess(t, target(from), wrongFor(user, '')))),
  )

interface Owners {
  readonly statuses: number[]
  /** Ends the next round. */
  stop(): Promise<void>
}

/** The owners sign in again and again, each on a new connection. */
function signInAllTheTime(t: Test, world: GuardedLab): Owners {
  const statuses: number[] = []
  let isOver = false
  const rounds = (async () => {
    while (!isOver) {
      for (const [name, from] of owners) {
        const credentials = credentialsOf(world.lab, name)
        statuses.push((await guess(t, world.target(from), credentials)).status)
      }
    }
  })()
  return {
    statuses,
    stop: async () => {
      isOver = true
      await rounds
    },
  }
}

const owners = [
  ['alice', '127.0.0.2'],
  ['bob', '127.0.0.3'],
] as const

async function attack(t: Test, world: GuardedLab): Promise<readonly number[]> {
  for (const [name, from] of owners)
    t.equal((await guess(t, world.target(from), credentialsOf(world.lab, name))).status, 200)
  const users = signInAllTheTime(t, world)
  const attackers = Array.from({ length: ATTACKERS }, (_, at) => `127.0.1.${at + 1}`)
  await Promise.all([
    hammer(t, world, '127.0.2.1'),
    ...attackers.map((from) => spray(t, world, from)),
  ])
  await Promise.all(attackers.slice(0, 4).map((from) => hammer(t, world, from)))
  await users.stop()
  return users.statuses
}

for (const workers of [0, 2]) {
  const how = workers === 0 ? 'one process' : `${workers} workers`
  t.test(`through ${how}`, async (t) => {
    const world = await startGuardedLab(t, { workers, top: '', threshold: THRESHOLD })
    const { accounts } = world.lab
    const statuses = await attack(t, world)
    t.ok(statuses.length >= 4, `the owners signed in ${statuses.length} times`)
    t.same(new Set(statuses), new Set([200]), 'and nobody kept them from it')
    for (const name of accounts.names)
      t.ok(
        accounts.mostBadPasswords(name) < THRESHOLD,
        `${name}: ${accounts.mostBadPasswords(name)}`,
      )
    t.equal(accounts.wrongPasswords('alice'), 5, 'who hammers gets what the file says')

    const { desk } = world.runtime
    const blocked = desk.blocks.list(performance.now()).map(({ name }) => name)
    t.same([...blocked].sort(), ['alice', 'bob', ...madeUp].sort())
    const stranger = world.target('127.0.3.1')
    t.equal((await guess(t, stranger, credentialsOf(world.lab, 'alice'))).status, 401)
    t.ok(desk.unblock('user', 'alice'))
    t.equal((await guess(t, stranger, credentialsOf(world.lab, 'alice'))).status, 200, 'unlocked')
  })
}

t.test('without the guard the owners are locked out', async (t) => {
  const top = 'signInGuard: { mode: off }'
  const world = await startGuardedLab(t, { workers: 0, top, threshold: THRESHOLD })
  const statuses = await attack(t, world)
  t.equal(world.lab.accounts.mostBadPasswords('alice'), THRESHOLD)
  t.ok(statuses.includes(401))
})

t.test('one address that tries many accounts is slowed down, over all workers', async (t) => {
  const top = 'signInGuard: { perClient: { failures: 6, block: 1m } }'
  const world = await startGuardedLab(t, { workers: 2, top })
  const statuses: number[] = []
  for (let n = 0; n < 9; n++)
    statuses.push((await guess(t, world.target('127.0.4.1'), wrongFor(`user${n}`))).status)
  t.same(statuses, [401, 401, 401, 401, 401, 401, 429, 429, 429])
  const other = await guess(t, world.target('127.0.4.2'), credentialsOf(world.lab, 'alice'))
  t.equal(other.status, 200)
  t.match(await world.line(({ msg }) => msg === 'client blocked'), { client: '127.0.4.1' })
  const blocked = await openGuesser(t, world.target('127.0.4.1'))
  const open = await blocked.request('GET /abs/handler', ['Host: lyncweb.contoso.com'])
  t.equal(open.status, 401, 'a request without a password is answered by the pool')
})
