/** Two lyncgates that share their counts through a real Redis server; and what happens when it goes. */
import t, { type Test } from 'tap'
import { startLab } from '../../src/lab/lab.ts'
import { type GuardedLab, startGuardedLab } from '../support/guarded-lab.ts'
import { guess, wrongFor } from '../support/guesser.ts'
import { credentialsOf } from '../support/lab-proxy.ts'
import { type Redis, requireRedis, startRedis } from '../support/real-redis.ts'

const sharedBy = (url: string): string => `signInGuard:
  perUser: { failures: 4 }
  perClient: { failures: 6, block: 1m }
  shared: { url: "${url}", password: redis.password, secret: guard.secret, ca: root.pem, timeout: 2s }
`

interface World {
  readonly redis: Redis
  readonly replicas: readonly [GuardedLab, GuardedLab]
}

async function open(t: Test, urlOf: (redis: Redis) => string): Promise<World> {
  const lab = await startLab({ lockout: { threshold: 10, windowMs: 30 * 60_000 } })
  t.teardown(() => lab.close())
  const redis = await startRedis(t, lab.authority)
  const top = sharedBy(urlOf(redis))
  const start = async (): Promise<GuardedLab> => {
    const replica = await startGuardedLab(t, { workers: 0, top, lab })
    await replica.line(({ msg }) => msg === 'sign-ins are shared')
    return replica
  }
  return { redis, replicas: [await start(), await start()] }
}

const statusOf = async (
  t: Test,
  replica: GuardedLab,
  user: string,
  from: string,
): Promise<number> => (await guess(t, replica.target(from), wrongFor(user))).status

const rightFor = async (t: Test, replica: GuardedLab, from: string): Promise<number> =>
  (await guess(t, replica.target(from), credentialsOf(replica.lab, 'alice'))).status

for (const scheme of ['redis', 'rediss']) {
  t.test(`over ${scheme}`, async (t) => {
    if (!requireRedis(t)) return
    const { redis, replicas } = await open(t, ({ port, tlsPort }) =>
      scheme === 'redis' ? `redis://127.0.0.1:${port}` : `rediss://localhost:${tlsPort}`,
    )
    const [one, other] = replicas
    const { accounts } = one.lab
    t.equal(await rightFor(t, one, '127.0.5.1'), 200, 'familiar by the first')
    for (let n = 0; n < 8; n++)
      await statusOf(t, replicas[n % 2] as GuardedLab, 'alice', `127.0.6.${n}`)
    t.equal(accounts.wrongPasswords('alice'), 4, 'counted once over both')
    t.equal(await rightFor(t, other, '127.0.5.1'), 200, 'familiar to the second, too')
    t.equal(await rightFor(t, other, '127.0.5.2'), 401, 'a stranger is not')

    one.runtime.desk.unblock('user', 'alice')
    await settled(t, async () => (await rightFor(t, other, '127.0.5.3')) === 200)
    t.pass('an unblock is for all')

    const throttled: number[] = []
    for (let n = 0; n < 8; n++)
      throttled.push(await statusOf(t, replicas[n % 2] as GuardedLab, `user${n}`, '127.0.7.1'))
    t.same(throttled, [401, 401, 401, 401, 401, 401, 429, 429])

    const keys = await redis.ask('keys', '*')
    t.match(keys, /^lyncgate:user:[0-9a-f]{40}$/m)
    t.notMatch(keys, /alice|127\.0/, 'no name and no address')
    for (const key of keys.trim().split('\n'))
      t.match(await redis.ask('pttl', key), /^[1-9]\d*\n$/, `${key} expires`)
  })
}

t.test('without the server each counts for itself, and goes on with it', async (t) => {
  if (!requireRedis(t)) return
  const { redis, replicas } = await open(t, ({ port }) => `redis://127.0.0.1:${port}`)
  const [one, other] = replicas
  await statusOf(t, one, 'alice', '127.0.6.1')
  await redis.stop()
  for (let n = 0; n < 6; n++) await statusOf(t, one, 'alice', `127.0.6.${n}`)
  t.equal(one.lab.accounts.wrongPasswords('alice'), 4)
  t.equal(await rightFor(t, one, '127.0.5.1'), 401)
  t.equal(await rightFor(t, other, '127.0.5.1'), 200, 'the other knows nothing of it')
  await one.line(({ msg }) => msg === 'sign-ins are not shared')
  const metrics = (await one.runtime.collectMetrics()).flat()
  const up = metrics.find(({ name }) => name === 'lyncgate_sign_in_shared_up')
  t.match(up?.values, [{ value: 0 }])
})

/** Until it is so; what replicas tell Redis is not waited for. */
async function settled(t: Test, isSo: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 20; n++) if (await isSo()) return
  t.fail('it did not come to that')
}
