/** Whatever an authority answers, a try ends with a reason, in bounded time, and nothing of it gets into the storage. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startAcmeWorld } from '../../support/acme-world.ts'
import {
  type AuthorityAnswer,
  type AuthorityRequest,
  problem,
  startFakeAuthority,
} from '../../support/fake-authority.ts'

const host = 'lyncweb.contoso.com'
const json = (body: unknown): AuthorityAnswer => ({ body })

const cases: Record<
  string,
  {
    readonly path: string
    readonly answer: AuthorityAnswer | ((request: AuthorityRequest) => AuthorityAnswer)
    readonly expected: Record<string, unknown>
  }
> = {
  'a directory without end': {
    path: '/directory',
    answer: json('x'.repeat(300_000)),
    expected: { type: 'badAnswer', detail: /too large/ },
  },
  'a directory that is a web page': {
    path: '/directory',
    answer: json('<html>hello</html>'),
    expected: { type: 'badAnswer', detail: /not JSON/ },
  },
  'a directory that is a list': {
    path: '/directory',
    answer: json([]),
    expected: { type: 'badAnswer', detail: /no newAccount/ },
  },
  'a redirect': {
    path: '/directory',
    answer: { status: 302, fields: { location: 'http://169.254.169.254/' } },
    expected: { type: 'badAnswer', detail: /redirects \(302\)/ },
  },
  'an address that is not https': {
    path: '/directory',
    answer: json({ newNonce: 'http://127.0.0.1/', newAccount: 'http://127.0.0.1/', newOrder: 'x' }),
    expected: { type: 'badAnswer', detail: /not https/ },
  },
  'an address that is none': {
    path: '/newAccount',
    answer: { status: 201, fields: { location: 'file:///etc/passwd' } },
    expected: { type: 'accountDoesNotExist' },
  },
  'nonces that never fit': {
    path: '/newAccount',
    answer: problem('badNonce'),
    expected: { type: 'badNonce' },
  },
  'a detail of a megabyte': {
    path: '/newOrder',
    answer: problem('malformed', 'x'.repeat(100_000)),
    expected: { type: 'malformed', detail: /^x{500}…$/ },
  },
  'an error without words': {
    path: '/newOrder',
    answer: { status: 500 },
    expected: { type: 'badAnswer', detail: /500/ },
  },
  'an order without address': {
    path: '/newOrder',
    answer: { status: 201, body: {} },
    expected: { type: 'badAnswer', detail: /no address/ },
  },
  'an order that wants a hundred proofs': {
    path: '/newOrder',
    answer: {
      status: 201,
      body: { authorizations: Array(100).fill('https://127.0.0.1/') },
      fields: { location: 'https://127.0.0.1/' },
    },
    expected: { type: 'badAnswer', detail: /too many/ },
  },
  'a proof for another name': {
    path: '/authorization/',
    answer: json({ status: 'pending', identifier: { value: 'other.contoso.com' }, challenges: [] }),
    expected: { type: 'badAnswer', detail: /another name/ },
  },
  'no HTTP-01': {
    path: '/authorization/',
    answer: json({
      status: 'pending',
      identifier: { value: host },
      challenges: [{ type: 'dns-01' }],
    }),
    expected: { type: 'noHttp01' },
  },
  'a token that is a path': {
    path: '/authorization/',
    answer: json({
      status: 'pending',
      identifier: { value: host },
      challenges: [{ type: 'http-01', token: '../../x', url: 'https://127.0.0.1/' }],
    }),
    expected: { type: 'badAnswer', detail: /token/ },
  },
  'a proof that is never looked at': {
    path: '/challenge/',
    answer: json({}),
    expected: { type: 'slow', detail: /180 s/ },
  },
  'an order that is never done': {
    path: '/finalize/',
    answer: json({ status: 'processing' }),
    expected: { type: 'slow' },
  },
  'a certificate that is none': {
    path: '/certificate/',
    answer: json('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    expected: { type: 'badAnswer', detail: /cannot be read/ },
  },
  'no certificate at all': {
    path: '/certificate/',
    answer: json('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'),
    expected: { type: 'badAnswer', detail: /unusable/ },
  },
}

for (const [title, { path, answer, expected }] of Object.entries(cases)) {
  t.test(title, async (t) => {
    const authority = await startFakeAuthority(t)
    authority.answer = (request) => {
      // The account that it gave an odd address is not found there.
      if (path === '/newAccount' && request.path === '/newOrder')
        return problem('accountDoesNotExist')
      if (!request.path.startsWith(path)) return undefined
      return typeof answer === 'function' ? answer(request) : answer
    }
    const world = await startAcmeWorld(t, { authority, directory: t.testdir({}), tickMs: 1_000 })
    world.acme.follow(world.rule, [host])
    await world.clock.until(() => world.count('acme: no valid certificate') === 1)
    t.match(
      world.lines.find(({ msg }) => msg === 'acme: the authority issued no certificate'),
      expected,
    )
    t.ok(authority.requests.length < 250, `${authority.requests.length} requests`)
    t.same(readdirSync(join(world.storage, 'certificates')), [])
    t.same(world.challenges.list(), [])
  })
}

t.test('a certificate for another name or key is not taken', async (t) => {
  const authority = await startFakeAuthority(t)
  const world = await startAcmeWorld(t, { authority, directory: t.testdir({}) })
  world.acme.follow(world.rule, ['meet.contoso.com'])
  await world.clock.until(() => world.issued() === 1)
  // From now on everybody gets the certificate that was issued first.
  authority.answer = ({ path }) =>
    path.startsWith('/order/1') || path.startsWith('/finalize/1')
      ? json({
          status: path.startsWith('/order') ? 'ready' : 'valid',
          finalize: authority.url.replace('directory', 'finalize/1'),
          certificate: authority.url.replace('directory', 'certificate/0'),
        })
      : undefined
  world.acme.follow(world.rule, ['meet.contoso.com', host])
  await world.clock.until(() => world.count('acme: no valid certificate') === 1)
  t.match(
    world.lines.find(({ msg }) => msg === 'acme: the authority issued no certificate'),
    { type: 'badAnswer', detail: /another key/ },
  )
  t.notOk(existsSync(join(world.storage, 'certificates', `${host}.pem`)))
})

t.test('an authority that is not the one it says is not spoken to', async (t) => {
  const authority = await startFakeAuthority(t)
  const other = await startFakeAuthority(t)
  const world = await startAcmeWorld(t, {
    authority: { ...authority, root: other.root },
    directory: t.testdir({}),
  })
  world.acme.follow(world.rule, [host])
  await world.clock.until(() => world.count('acme: no valid certificate') === 1)
  t.match(
    world.lines.find(({ msg }) => msg === 'acme: the authority issued no certificate'),
    { type: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', hint: /acme\.ca/ },
  )
  t.same(authority.requests, [])
})
