import t from 'tap'
import { catalogue, internalDirectories } from '../../../src/policy/catalogue.ts'
import { PathPolicy } from '../../../src/policy/path-policy.ts'
import { fc } from '../../support/property.ts'

// More tricks are in hostile-paths-are-refused.test.ts.
const guard = new PathPolicy({
  mode: 'guard',
  product: 'skype-se',
  kind: 'web-services',
  allow: [],
  deny: [],
})
const strict = new PathPolicy({
  mode: 'strict',
  product: 'skype-se',
  kind: 'web-services',
  allow: [],
  deny: [],
})

const isServed = (policy: PathPolicy, target: string): boolean =>
  policy.decide(target).kind === 'serve'

t.test('no known trick reaches an internal directory', async (t) => {
  const tricks = [
    '/cscp',
    '/CSCP/',
    '/cscp?x',
    '/%63scp',
    '/%2563scp',
    '/%25%36%33scp',
    '/%u0063scp',
    '/cscp%2f',
    '/%2fcscp',
    '/%5ccscp',
    '\\cscp',
    '//cscp',
    '/./cscp',
    '/x/../cscp',
    '/x/%2e%2e/cscp',
    '/x%2f..%2fcscp',
    '/x/..%5ccscp',
    '/x/.. /cscp',
    '/x/..;/cscp',
    '/cscp;a=b/x',
    '/;x/cscp',
    '/cscp.',
    '/cscp%20',
    '/cscp..%20',
    '/cscp::$DATA',
    '/cscp:$i30:$INDEX_ALLOCATION/x',
    '/(S(abc))/cscp',
    '/cs(S(x))cp',
    '/(A(x)F(y))/cscp/(S(z))',
    '/OCSPOW~1/',
    '/ocspow~1',
    '/OC1A2B~1',
    '/ocspowershell',
    '/cscp%3fx',
    '/cscp%23',
    '/ｃscp'.replace('ｃ', '%EF%BD%83'),
    Buffer.from('/ｃscp').toString('latin1'),
    '/%uff43scp',
    '/admin',
    '/Admin/',
    '/contoso.com/Admin',
    '/RgsConfig',
    '/LocationInformation/LIService.svc',
    '/RequestHandler/ucdevice.upx',
  ]
  for (const trick of tricks) t.not(guard.decide(trick).kind, 'serve', trick)
})

t.test('what cannot be decided is said to be that', async (t) => {
  for (const target of [
    '/a%00b',
    '/%c0%afcscp',
    '/%c1%a3scp',
    '/%e0%81%a3scp',
    '/a%01',
    '/%252525252563scp',
  ]) {
    t.equal(guard.decide(target).kind, 'undecidable', target)
  }
})

t.test('ordinary targets pass, odd ones too', async (t) => {
  const targets = [
    '/',
    '/a%zz/b',
    '/abs/handler',
    '/WebTicket/WebTicketService.svc/mex',
    '/ucwa/v1/applications/1/events?ack=1',
    '/dialin/Conference.aspx',
    '/RequestHandlerExt/ucdevice.upx',
    '/scheduler/?x=/cscp/',
    '/root/user?originalDomain=contoso.com?sipuri=x',
    '/meet/caf%c3%a9/ABC123',
    '/meet/m%fcller/ABC123',
    '/lwa/cscp.aspx',
    '/abs/admin',
  ]
  for (const target of targets) t.ok(isServed(guard, target), target)
})

t.test('property: no spelling of an internal directory passes', async (t) => {
  const directories = internalDirectories('skype-se').map(({ path }) => path.slice(1))
  const letter = (char: string) =>
    fc.constantFrom(
      char,
      char.toUpperCase(),
      `%${char.charCodeAt(0).toString(16)}`,
      `%25${char.charCodeAt(0).toString(16)}`,
      `%u00${char.charCodeAt(0).toString(16)}`,
    )
  const name = fc
    .constantFrom(...directories)
    .chain((word) =>
      fc
        .tuple(...[...word].map((char) => (/[a-z]/.test(char) ? letter(char) : fc.constant(char))))
        .map((c) => c.join('')),
    )
  const before = fc.constantFrom(
    '/',
    '//',
    '/./',
    '/x/../',
    '/%2e/',
    '/a/b/../../',
    '\\',
    '/%2f',
    '/%5c',
    '/;p/',
    '/x%2f..%2f',
    '/(S(q))/',
    '/%20/',
  )
  const after = fc.constantFrom(
    '',
    '/',
    '/x',
    '?q',
    '.',
    '%20',
    '::$DATA',
    ';p',
    '%2f',
    '\\',
    '%5cx',
    '/../x',
    '%3fx',
    '(S(q))',
  )
  fc.assert(
    fc.property(before, name, after, (a, b, c) => guard.decide(a + b + c).kind !== 'serve'),
    { numRuns: 3000, seed: 20261122 },
  )
  t.pass('3000 spellings')
})

t.test(
  'property: strict serves every catalogued external path of the product and kind',
  async () => {
    const entries = catalogue.filter(
      (entry) =>
        entry.action === 'allow' &&
        entry.kinds.includes('web-services') &&
        entry.products.includes('skype-se'),
    )
    const rest = fc.stringMatching(/^(\/[A-Za-z0-9_.-]*[A-Za-z0-9]){0,4}(\?[ -~]*)?$/)
    fc.assert(
      fc.property(fc.constantFrom(...entries), rest, fc.boolean(), (entry, tail, lower) =>
        isServed(strict, (lower ? entry.path : entry.title) + tail),
      ),
      { numRuns: 2000, seed: 20261122 },
    )
  },
)

t.test('strict knows product and kind of name', async (t) => {
  t.equal(
    strict.decide('/mcx/McxService.svc').kind,
    'refuse',
    'Skype for Business 2019 and later have no mcx',
  )
  t.equal(strict.decide('/unknown').kind, 'refuse')
  t.equal(strict.decide('/scheduler').kind, 'refuse', 'optional')
  const meet = new PathPolicy({
    mode: 'strict',
    product: 'skype-se',
    kind: 'meet',
    allow: [],
    deny: [],
  })
  t.ok(isServed(meet, '/alice/7322994?sl=1'))
  t.ok(isServed(meet, '/meet/alice/7322994'))
  t.ok(isServed(meet, '/contoso.com/meet/alice/7322994'))
  t.match(meet.decide('/admin/7322994'), {
    kind: 'serve',
    entry: undefined,
    because: 'what the name itself stands for',
  })
  t.equal(meet.decide('/admin').kind, 'refuse')
  t.equal(meet.decide('/cscp/7322994').kind, 'refuse')
  t.equal(meet.decide('/groupexpansion/service.svc').kind, 'refuse', 'a file is no meeting')
  t.ok(isServed(meet, '/groupexpansion/7BCD22KQ'), 'a meeting of the user "groupexpansion"')
  const discover = new PathPolicy({
    mode: 'strict',
    product: 'skype-se',
    kind: 'autodiscover',
    allow: [],
    deny: [],
  })
  t.ok(isServed(discover, '/?sipuri=alice@contoso.com'))
  t.ok(isServed(discover, '/Autodiscover/AutodiscoverService.svc/root'))
  t.equal(discover.decide('/abs/handler').kind, 'refuse')
})

t.test(
  'observe serves what strict would refuse and says so, but never what is internal',
  async (t) => {
    const observe = new PathPolicy({
      mode: 'observe',
      product: 'skype-se',
      kind: 'web-services',
      allow: [],
      deny: [],
    })
    t.match(observe.decide('/unknown'), {
      kind: 'serve',
      strictWouldRefuse: /not in the catalogue/,
    })
    t.match(observe.decide('/abs'), { kind: 'serve', strictWouldRefuse: undefined })
    t.equal(observe.decide('/cscp').kind, 'refuse')
  },
)

t.test('a rule opens and closes on top, and closing is stronger', async (t) => {
  const own = new PathPolicy({
    mode: 'strict',
    product: 'skype-se',
    kind: 'web-services',
    allow: ['/scheduler', '/requesthandler/files/ucphone', '/unknown'],
    deny: ['/unknown/secret', '/reach'],
  })
  t.ok(isServed(own, '/Scheduler/x'))
  t.ok(isServed(own, '/RequestHandler/Files/UCPhone/x.cat'))
  t.equal(own.decide('/RequestHandler/ucdevice.upx').kind, 'refuse')
  t.equal(own.decide('/RequestHandler/Files/UCPhone/../../ucdevice.upx').kind, 'refuse')
  t.ok(isServed(own, '/unknown/x'))
  t.equal(own.decide('/unknown/%73ecret').kind, 'refuse')
  t.equal(own.decide('/reach/sip.svc').kind, 'refuse')
})
