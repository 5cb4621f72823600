/** Obtaining and renewing over weeks, at an authority inside the test, on a clock that runs ahead. */
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fakeClock, startAcmeWorld } from '../../support/acme-world.ts'
import { problem, startFakeAuthority } from '../../support/fake-authority.ts'

const host = 'lyncweb.contoso.com'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const certificateIn = (storage: string, name = host): X509Certificate =>
  new X509Certificate(readFileSync(join(storage, 'certificates', `${name}.pem`)))

for (const days of [47, 6]) {
  t.test(`certificates of ${days} days are renewed with a third left`, async (t) => {
    const authority = await startFakeAuthority(t)
    authority.lifetimeMs = days * DAY
    const world = await startAcmeWorld(t, { authority, directory: t.testdir({}), tickMs: 4 * HOUR })
    const { acme, clock, storage, rule, issued } = world
    acme.follow(rule, [host])
    await clock.until(() => issued() === 1)
    const first = certificateIn(storage)
    await clock.until(() => issued() === 2)
    const left = first.validToDate.getTime() - clock.now()
    t.ok(
      left > (days * DAY) / 3 - 10 * HOUR && left < (days * DAY) / 2.5,
      `${left / DAY} days left`,
    )
    t.not(certificateIn(storage).serialNumber, first.serialNumber)
    t.match(world.lines.findLast(({ msg }) => msg === 'acme: issued')?.renewal, /^20\d\d-/)
    t.equal(authority.requests.filter(({ path }) => path === '/newAccount').length, 1)
  })
}

t.test(
  'the window that the authority suggests counts, and it hears what is replaced',
  async (t) => {
    const authority = await startFakeAuthority(t)
    const world = await startAcmeWorld(t, { authority, directory: t.testdir({}), tickMs: 4 * HOUR })
    const { acme, clock, storage, rule, issued } = world
    const start = clock.now() + 5 * DAY
    const end = start + 2 * DAY
    const iso = (at: number): string => new Date(at).toISOString()
    authority.answer = ({ path }) =>
      path.startsWith('/renewalInfo/') && issued() === 1
        ? { body: { suggestedWindow: { start: iso(start), end: iso(end) } } }
        : undefined
    acme.follow(rule, [host])
    await clock.until(() => issued() === 1)
    const [serial = ''] = [certificateIn(storage).serialNumber]
    await clock.until(() => issued() === 2)
    t.ok(clock.now() >= start && clock.now() <= end + 8 * HOUR, iso(clock.now()))
    const order = authority.requests.findLast(({ path }) => path === '/newOrder')
    const [, written = ''] = String(order?.payload?.['replaces']).split('.')
    t.equal(BigInt(`0x${Buffer.from(written, 'base64url').toString('hex')}`), BigInt(`0x${serial}`))
    const asked = authority.requests.filter(({ path }) => path.startsWith('/renewalInfo/')).length
    t.ok(asked >= 10 && asked < 35, `every six hours and not oftener: ${asked} times`)
  },
)

t.test('no window makes an authority renew every certificate at once, for ever', async (t) => {
  const authority = await startFakeAuthority(t)
  const world = await startAcmeWorld(t, { authority, directory: t.testdir({}), tickMs: 4 * HOUR })
  authority.answer = ({ path }) =>
    path.startsWith('/renewalInfo/')
      ? {
          body: { suggestedWindow: { start: '2001-01-01T00:00:00Z', end: '2001-01-02T00:00:00Z' } },
        }
      : undefined
  world.acme.follow(world.rule, [host])
  const startedAt = world.clock.now()
  await world.clock.until(() => world.issued() === 3)
  t.ok(world.clock.now() - startedAt >= 2 * DAY)
})

t.test('an old certificate that the authority does not want to hear of', async (t) => {
  const authority = await startFakeAuthority(t)
  const { acme, clock, rule, issued } = await startAcmeWorld(t, {
    authority,
    directory: t.testdir({}),
    tickMs: 4 * HOUR,
  })
  authority.lifetimeMs = 6 * DAY
  authority.answer = ({ path, payload }) =>
    path === '/newOrder' && payload?.['replaces'] !== undefined
      ? problem('alreadyReplaced', '', 409)
      : undefined
  acme.follow(rule, [host])
  await clock.until(() => issued() === 2)
  t.pass('is replaced all the same')
})

t.test('failures: waits double, restarts change nothing, another name goes its way', async (t) => {
  const authority = await startFakeAuthority(t)
  const directory = t.testdir({})
  const clock = fakeClock(Date.now())
  const world = await startAcmeWorld(t, { authority, directory, clock })
  authority.answer = ({ path, payload }) =>
    path === '/newOrder' && JSON.stringify(payload).includes(host)
      ? problem('rejectedIdentifier', 'no\u0000 \u202Esuch\r\nname')
      : undefined
  const tries: number[] = []
  world.acme.follow(world.rule, [host, 'meet.contoso.com'])
  for (let n = 1; n <= 5; n++) {
    await clock.until(() => world.count('acme: no valid certificate') === n)
    tries.push(clock.now())
  }
  t.equal(world.issued(), 1, 'the other one')
  const minutes = tries.slice(1).map((at, n) => Math.round((at - (tries[n] ?? 0)) / MINUTE))
  t.ok(
    minutes.every((wait, n) => Math.abs(wait - 5 * 2 ** n) <= 2),
    minutes.join(),
  )
  t.match(
    world.lines.find(({ msg }) => msg === 'acme: the authority issued no certificate'),
    { detail: 'no such name', type: 'rejectedIdentifier', hint: /of the file/ },
    'nothing gets into the log that would disturb it',
  )

  await world.acme.stop()
  for (let n = 0; n < 3; n++) {
    const again = await startAcmeWorld(t, { authority, directory, clock })
    again.acme.follow(again.rule, [host, 'meet.contoso.com'])
    await clock.pass(3 * MINUTE)
    t.equal(again.count('acme: ordering'), 0, 'a restart is no new beginning')
    await again.acme.stop()
  }
})

t.test('Retry-After is waited for, by all names when there were too many orders', async (t) => {
  const authority = await startFakeAuthority(t)
  const world = await startAcmeWorld(t, { authority, directory: t.testdir({}) })
  const { clock } = world
  const openAt = clock.now() + 2 * HOUR
  authority.answer = ({ path }) =>
    path === '/newOrder' && clock.now() < openAt
      ? {
          ...problem('rateLimited', 'too many', 429),
          fields: { 'content-type': 'application/problem+json', 'retry-after': '7200' },
        }
      : undefined
  world.acme.follow(world.rule, ['a.contoso.com', 'b.contoso.com'])
  await clock.until(() => world.issued() === 2)
  t.ok(clock.now() >= openAt)
  t.ok(authority.requests.filter(({ path }) => path === '/newOrder').length <= 6)
})

t.test('terms are not agreed to unasked, and a profile must be there', async (t) => {
  const authority = await startFakeAuthority(t)
  authority.answer = ({ path }) =>
    path === '/directory'
      ? {
          body: {
            newNonce: authority.url.replace('directory', 'newNonce'),
            newAccount: authority.url.replace('directory', 'newAccount'),
            newOrder: authority.url.replace('directory', 'newOrder'),
            meta: { termsOfService: 'https://ca.example/terms', profiles: { shortlived: 'six' } },
          },
        }
      : undefined
  const directory = t.testdir({ one: {}, two: {}, three: {} })
  const said = async (sub: string, rule: { agreesToTerms: boolean }, profile?: string) => {
    const world = await startAcmeWorld(t, {
      authority,
      directory: join(directory, sub),
      rule: {},
      ...(profile && { profile }),
    })
    world.acme.follow({ ...world.rule, ...rule }, [host])
    await world.clock.until(() => world.count('acme: no valid certificate') + world.issued() > 0)
    return world.lines.find(({ msg }) => msg === 'acme: the authority issued no certificate')
  }
  t.match(await said('one', { agreesToTerms: false }), {
    type: 'termsNotAgreed',
    detail: /https:\/\/ca\.example\/terms/,
    hint: /agreeToTerms: true/,
  })
  t.equal(authority.requests.filter(({ path }) => path === '/newAccount').length, 0)
  t.match(await said('two', { agreesToTerms: true }, 'classic'), {
    type: 'unknownProfile',
    hint: /shortlived/,
  })
  t.equal(await said('three', { agreesToTerms: true }, 'shortlived'), undefined)
  const order = authority.requests.find(({ path }) => path === '/newOrder')
  t.equal(order?.payload?.['profile'], 'shortlived')
})

t.test('a certificate of an authority that the file names no more is replaced', async (t) => {
  const staging = await startFakeAuthority(t)
  const production = await startFakeAuthority(t)
  const directory = t.testdir({})
  const clock = fakeClock(Date.now())
  const first = await startAcmeWorld(t, { authority: staging, directory, clock })
  first.acme.follow(first.rule, [host])
  await clock.until(() => first.issued() === 1)
  await first.acme.stop()
  const second = await startAcmeWorld(t, { authority: production, directory, clock })
  second.acme.follow(second.rule, [host])
  await clock.until(() => second.issued() === 1)
  t.ok(production.requests.some(({ path }) => path === '/newOrder'))
})

t.test('a storage that cannot be used is said once, and nothing is ordered', async (t) => {
  const authority = await startFakeAuthority(t)
  const directory = t.testdir({ file: 'no directory' })
  const world = await startAcmeWorld(t, {
    authority,
    directory,
    rule: { storage: join(directory, 'file') },
  })
  world.acme.follow(world.rule, [host])
  await world.clock.pass(10 * MINUTE)
  t.equal(world.count('acme: the storage cannot be used'), 1)
  t.same(authority.requests, [])
})

t.test('what is damaged in the storage is obtained anew', async (t) => {
  const authority = await startFakeAuthority(t)
  const directory = t.testdir({})
  const world = await startAcmeWorld(t, { authority, directory })
  const { acme, clock, storage, rule, issued } = world
  acme.follow(rule, [host])
  await clock.until(() => issued() === 1)
  for (const name of ['state.json', `certificates/${host}.pem`, 'challenges.json'])
    writeFileSync(join(storage, name), '{"half":')
  await clock.until(() => issued() === 2)
  t.ok(certificateIn(storage))
})

t.test('challenges are there while they are asked for, and gone afterwards', async (t) => {
  const authority = await startFakeAuthority(t)
  const world = await startAcmeWorld(t, { authority, directory: t.testdir({}) })
  const changes: string[] = []
  world.challenges.onChange = ({ kind }) => void changes.push(kind)
  let answer: string | undefined
  authority.answer = ({ path }) => {
    if (path.startsWith('/challenge/'))
      answer = world.challenges.answerTo(host, '/.well-known/acme-challenge/token-0')
    return undefined
  }
  world.acme.follow(world.rule, [host])
  await world.clock.until(() => world.issued() === 1)
  t.match(answer, /^token-0\.[\w-]{43}$/)
  t.same(changes, ['set', 'delete'])
})
