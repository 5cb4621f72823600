/**
 * Three promises over generated targets: no spelling of an internal directory is served, no catalogued external URL is
 * refused, and what is forwarded is the target as it came.
 */
import fc from 'fast-check'
import t from 'tap'
import type { PublishKind } from '../../../src/config/rules.ts'
import { type Decision, decide } from '../../../src/pipeline/decide.ts'
import { catalogue, internalDirectories } from '../../../src/policy/catalogue.ts'
import { PathPolicy } from '../../../src/policy/path-policy.ts'
import { decisionSnapshot } from '../../support/decision-snapshot.ts'

const SEED = 20261122
const kinds: readonly PublishKind[] = ['web-services', 'meet', 'dialin', 'autodiscover', 'anything']
const hex = (code: number, digits = 2): string => code.toString(16).padStart(digits, '0')

/** Ways to write one letter; all but the first are what clients never do. */
const letter = (char: string): fc.Arbitrary<string> => {
  const code = char.charCodeAt(0)
  const isLetter = /[a-z]/.test(char)
  return fc.constantFrom(
    char,
    char.toUpperCase(),
    `%${hex(code)}`,
    `%${hex(code).toUpperCase()}`,
    `%25${hex(code)}`,
    `%2525${hex(code)}`,
    `%%${hex(hex(code).charCodeAt(0))}%${hex(hex(code).charCodeAt(1))}`,
    `%u00${hex(code)}`,
    `%U00${hex(code)}`,
    ...(isLetter ? [`%uff${hex(code - 0x20)}`, fullWidth(code)] : []),
    `%e2%80%8b${char}`,
    `${char}%cc%81`,
    `${char}%c2%ad`,
  )
}

const fullWidth = (code: number): string =>
  encodeURIComponent(String.fromCharCode(code + 0xfee0)).toLowerCase()

const spelt = (name: string): fc.Arbitrary<string> =>
  fc.tuple(...[...name].map(letter)).map((letters) => letters.join(''))

const before = fc.constantFrom(
  ...[
    '/',
    '//',
    '/./',
    '/%2e/',
    '/x/../',
    '/x/%2e%2e/',
    '/x/..;y/',
    '/a/b/../../',
    '/\\',
    '/%2f',
    '/%5c',
  ],
  ...[
    '/%255c',
    '/;p/',
    '/x%2f..%2f',
    '/(S(q))/',
    '/%20/',
    '/%c2%a0/',
    '/...//',
    '/%3f/',
    '/%ef%bc%8f',
    '/x/%u002e./',
  ],
  ...[
    '/%e2%88%95',
    '/..%5c',
    '/meet/../',
    '/x.svc/../../',
    '/%c2%a5',
    '/.%20/',
    '/%5c%5c.%5c',
    '/:x/',
  ],
)
const after = fc.constantFrom(
  ...[
    '',
    '/',
    '/x',
    '?q',
    '.',
    '...',
    '%20',
    '%20.',
    '::$DATA',
    ':x:$DATA/y',
    ';p',
    ';p/y',
    '%2f',
    '%2fx',
    '\\',
    '%5cx',
  ],
  ...[
    '/../x',
    '/x/..',
    '%3fx',
    '%23',
    '#',
    '/(S(q))',
    '/default.aspx/x',
    '%c2%a0',
    '%e2%80%8b',
    '%00',
    '/.',
    '%u00a0',
  ],
)

t.test('no spelling of an internal directory is served', async (t) => {
  const names = internalDirectories('skype-2015').map(({ path }) => path.slice(1))
  const name = fc.constantFrom(...names).chain(spelt)
  for (const kind of kinds) {
    for (const mode of ['guard', 'strict', 'observe'] as const) {
      const policy = new PathPolicy({ mode, product: 'skype-2015', kind, allow: [], deny: [] })
      fc.assert(
        fc.property(before, name, after, (a, b, c) => policy.decide(a + b + c).kind !== 'serve'),
        { numRuns: 1500, seed: SEED },
      )
    }
  }
  t.pass('in every mode, on every kind of name')
})

t.test('what a rule denies cannot be spelt around', async (t) => {
  const settings = { product: 'skype-se', kind: 'web-services', allow: [] } as const
  const policy = new PathPolicy({ ...settings, mode: 'guard', deny: ['/reach/private'] })
  const names = fc.tuple(spelt('reach'), before, spelt('private'))
  fc.assert(
    fc.property(names, after, ([a, b, c], d) => {
      // Dot segments that take "reach" away lead elsewhere, and are refused all the same.
      return policy.decide(`/${a}${b}${c}${d}`).kind !== 'serve'
    }),
    { numRuns: 3000, seed: SEED },
  )
  t.pass('3000 spellings')
})

t.test('no catalogued external URL is refused', async (t) => {
  const name = fc.stringMatching(/^[A-Za-z0-9_'(),!$@&+=-]{1,12}$/)
  const word = fc.oneof(
    name,
    name.map((text) => `${text}.svc`),
    fc.constantFrom(
      '%20',
      'a%20b',
      'm%C3%BCller',
      'caf%E9',
      'x%2By',
      'a%27b',
      'slide%201.png',
      '%e5%b1%b1',
    ),
  )
  const tail = fc.tuple(
    fc.array(word, { maxLength: 4 }),
    fc.constantFrom('', '/', '?', '?a?b', '?x=%252f<y>'),
  )
  for (const kind of kinds) {
    const settings = { product: 'lync-2013', kind, allow: [], deny: [] } as const
    const entries = catalogue.filter(
      ({ action, products, kinds: published }) =>
        action === 'allow' &&
        products.includes('lync-2013') &&
        (kind === 'anything' || published.includes(kind)),
    )
    for (const mode of ['guard', 'strict', 'observe'] as const) {
      const policy = new PathPolicy({ ...settings, mode })
      fc.assert(
        fc.property(fc.constantFrom(...entries), tail, ({ title }, [words, query]) => {
          const path = [title, ...words].join('/')
          return /\([a-z]\(/i.test(path) || policy.decide(path + query).kind === 'serve'
        }),
        { numRuns: 1500, seed: SEED },
      )
    }
  }
  t.pass('in every mode, on every kind of name')
})

t.test('what is forwarded is the target as it came', async (t) => {
  const snapshot = decisionSnapshot(`pools: { pool01: { product: skype-se, servers: [fe01] } }
rules:
  - { name: Web services, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }
  - { name: Meetings, publish: meet, hosts: [meet.contoso.com], pool: pool01, guestJoin: true }
`)
  const pieces = fc.constantFrom(
    ...[
      '/',
      '//',
      'a',
      'Meet',
      'cscp',
      '%41',
      '%',
      '%zz',
      '%252f',
      '?',
      '#',
      '<',
      '>',
      '"',
      '\\',
      '..',
      ';',
      ':',
      '~1',
    ],
    ...[
      '\xfc',
      '\xc3\xbc',
      '%c3%bc',
      '+',
      '&x=',
      '{',
      '|',
      '^',
      '`',
      '[',
      '/alice/7BCD22KQ',
      '/(x)',
      '$',
      '!',
      "'",
    ],
  )
  const target = fc.array(pieces, { maxLength: 10 }).map((all) => `/${all.join('')}`)
  let forwarded = 0
  let joined = 0
  const ask = (host: string, text: string): Decision =>
    decide(
      {
        listener: 'internet',
        isTls: true,
        httpsPort: 443,
        host: { name: host, port: undefined },
        method: 'GET',
        target: text,
      },
      snapshot,
    )
  fc.assert(
    fc.property(target, (text) => {
      const plain = ask('lyncweb.contoso.com', text)
      if (plain.kind === 'forward') forwarded++
      const guest = ask('meet.contoso.com', text)
      const isJoined = guest.kind === 'forward' && guest.target !== text
      if (isJoined) joined++
      const isSame = plain.kind !== 'forward' || plain.target === text
      // With guest join it may grow, but what came is still there.
      return isSame && (!isJoined || /^[?&]?sl=1$/.test(guest.target.slice(text.length)))
    }),
    { numRuns: 10_000, seed: SEED },
  )
  t.ok(forwarded > 2000 && joined > 5, `${forwarded} forwarded, ${joined} of them meetings`)
})
