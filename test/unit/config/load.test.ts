import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getuid } from 'node:process'
import t from 'tap'
import { loadRules, parseRules } from '../../../src/config/load.ts'
import type { Problem } from '../../../src/config/problem.ts'

const smallest = `version: 1
listeners:
  - { name: internet, http: 80 }
pools:
  pool01: { product: skype-se, servers: [fe01] }
rules:
  - { name: Meetings, publish: meet, hosts: [meet.contoso.com], pool: pool01 }
`

const problemsOf = (text: string): readonly Problem[] => {
  const parsed = parseRules(text, '/etc/lyncgate/rules.yaml')
  return parsed.ok ? parsed.value.warnings : parsed.error
}

t.test('the smallest file gets every default', async (t) => {
  const parsed = parseRules(smallest, '/etc/lyncgate/rules.yaml')
  if (!parsed.ok) {
    t.fail('should be fine', { problems: parsed.error })
    return
  }
  t.same(parsed.value.warnings, [])
  t.same(parsed.value.rules, {
    listeners: [
      {
        name: 'internet',
        address: '0.0.0.0',
        httpPort: 80,
        httpsPort: undefined,
        tlsProfile: 'compatible',
        proxyProtocol: 'off',
        connections: undefined,
      },
    ],
    certificates: [],
    acme: undefined,
    pools: [
      {
        name: 'pool01',
        product: 'skype-se',
        servers: [
          { address: 'fe01', httpPort: 8080, httpsPort: 4443, weight: 1, isDrainedByFile: false },
        ],
        tls: {
          caFile: undefined,
          serverName: undefined,
          insecureSkipVerify: false,
          minVersion: 'TLSv1.2',
          clientCertificate: undefined,
        },
        affinity: 'cookie',
        rewriteLocation: false,
        health: {
          check: {
            kind: 'web',
            path: '/autodiscover/autodiscoverservice.svc/root',
            status: 200,
            body: undefined,
          },
          intervalMs: 10_000,
          timeoutMs: 5_000,
          rise: 2,
          fall: 3,
          lastResort: true,
        },
      },
    ],
    rules: [
      {
        name: 'Meetings',
        publish: 'meet',
        hosts: ['meet.contoso.com'],
        pool: 'pool01',
        listeners: [],
        http: 'redirect',
        https: 'serve',
        tlsProfile: undefined,
        allow: [],
        deny: [],
        phones: false,
        guestJoin: false,
        hideServerFields: false,
      },
    ],
    policy: { paths: 'guard' },
    timeouts: {
      connectMs: 5_000,
      handshakeMs: 15_000,
      requestHeadMs: 30_000,
      requestBodyMs: 120_000,
      clientReadMs: 120_000,
      responseMs: 960_000,
      keepAliveMs: 1_800_000,
      tunnelMs: 1_800_000,
      drainMs: 960_000,
      unreadyMs: 5_000,
    },
    limits: {
      headBytes: 65_536,
      bodyBytes: 1_073_741_824,
      connections: 20_000,
      connectionsPerClient: 5_000,
      minRate: 240,
      fields: 200,
    },
    trustedProxies: [],
    streams: [],
    health: undefined,
    signInGuard: {
      mode: 'enforce',
      perUser: { failures: 5, windowMs: 900_000, blockMs: 900_000 },
      perClient: { failures: 200, windowMs: 900_000, blockMs: 900_000 },
      inspect: { webTicket: false, ucwa: false },
      blurMs: 0,
      allow: { clients: [], users: [] },
      shared: undefined,
      logNames: true,
    },
    sessionTickets: { secretFile: undefined, rotateMs: 43_200_000 },
    ocspStapling: 'off',
    workers: 'auto',
    log: { level: 'info', access: 'json' },
  })
})

t.test('everything that is written arrives', async (t) => {
  const parsed = parseRules(
    `version: 1
sipDomains: [Contoso.com, fabrikam.com]
listeners:
  - { name: internet, address: "2001:DB8::0:1", https: 443, tls: legacy }
  - { name: partners, address: 192.0.2.1, http: 8000, connections: 300 }
certificates:
  - { cert: certs/public.pem, key: /run/secrets/public.key }
pools:
  pool01:
    product: lync-2010
    servers:
      - FE01.contoso.local
      - { address: "2001:DB8::7", https: 4444, weight: 2 }
    http: 8081
    tls: { ca: ../root.pem, serverName: Pool01.contoso.local, insecureSkipVerify: true }
    affinity: source
    rewriteLocation: true
  cwa: { product: communicator-web-access, servers: [cwa01] }
rules:
  - name: Meetings
    publish: meet
    hosts: ["meet.{sipDomain}", "*.Meet.contoso.com"]
    pool: pool01
    listeners: [internet, internet]
    allow: [/Scheduler/, /scheduler, /contoso.com/Extra]
    deny: [/MCX/, /mcx]
    guestJoin: true
    hideServerFields: true
  - { name: Old, publish: communicator-web-access, hosts: [im.contoso.com], pool: cwa }
  - { name: Plain, publish: anything, hosts: ["[::1]"], pool: pool01, http: redirect, phones: true }
policy: { paths: observe }
timeouts: { unready: 0s, response: 20m }
limits: { head: 8KiB }
trustedProxies: [192.0.2.7/28, 192.0.2.1, 192.0.2.1/28]
health: { port: 9000 }
log: { level: debug, access: off }
`,
    '/etc/lyncgate/rules.yaml',
  )
  if (!parsed.ok) {
    t.fail('should be usable', { problems: parsed.error })
    return
  }
  const { rules, warnings } = parsed.value
  t.match(warnings, [{ code: 'insecure-tls', severity: 'warning' }])
  t.match(rules.listeners, [
    { address: '2001:db8::1', httpPort: undefined, httpsPort: 443, tlsProfile: 'legacy' },
    { address: '192.0.2.1', httpPort: 8000, httpsPort: undefined, connections: 300 },
  ])
  t.same(rules.certificates, [
    {
      kind: 'pem',
      certFile: '/etc/lyncgate/certs/public.pem',
      keyFile: '/run/secrets/public.key',
      chainFile: undefined,
      passphraseFile: undefined,
    },
  ])
  t.match(rules.pools, [
    {
      servers: [
        { address: 'fe01.contoso.local', httpPort: 8081, httpsPort: 4443, weight: 1 },
        { address: '2001:db8::7', httpPort: 8081, httpsPort: 4444, weight: 2 },
      ],
      tls: {
        caFile: '/etc/root.pem',
        serverName: 'pool01.contoso.local',
        insecureSkipVerify: true,
      },
      affinity: 'source',
      rewriteLocation: true,
    },
    { name: 'cwa', servers: [{ httpPort: 80, httpsPort: 443 }] },
  ])
  t.match(rules.rules, [
    {
      hosts: ['meet.contoso.com', 'meet.fabrikam.com', '*.meet.contoso.com'],
      listeners: ['internet'],
      allow: ['/scheduler', '/scheduler', '/contoso.com/extra'],
      deny: ['/mcx', '/mcx'],
      phones: false,
      guestJoin: true,
      hideServerFields: true,
    },
    { http: 'refuse', https: 'serve' },
    { hosts: ['[::1]'], http: 'redirect', phones: true },
  ])
  t.same(rules.policy, { paths: 'observe' })
  t.match(rules.timeouts, { unreadyMs: 0, responseMs: 1_200_000 })
  t.match(rules.limits, { headBytes: 8192 })
  t.same(rules.trustedProxies, ['192.0.2.0/28', '192.0.2.1/32'])
  t.same(rules.health, { address: '0.0.0.0', port: 9000 })
  t.same(rules.log, { level: 'debug', access: 'off' })
})

t.test('later steps can point into the file', async (t) => {
  const parsed = parseRules(`${smallest}certificates:\n  - cert: a\n    key: b\n`, 'rules.yaml')
  if (!parsed.ok) {
    t.fail('should be fine', { problems: parsed.error })
    return
  }
  const { locate } = parsed.value
  t.same(locate(['certificates', 0, 'key']), { line: 10, column: 10 })
  t.same(locate(['pools', 'pool01', 'servers', 0]), { line: 5, column: 42 })
  t.same(locate(['pools', 'pool01', 'tls', 'ca']), { line: 5, column: 11 }, 'nearest that exists')
  t.same(locate(['nowhere', 5]), { line: 1, column: 1 })
  t.same(locate([]), { line: 1, column: 1 })
})

t.test('a byte order mark and Windows line ends do not move the places', async (t) => {
  const text = `${smallest}ruels: []\n`
  const places = problemsOf(text)
  t.match(places, [{ line: 8, column: 1, code: 'unknown-key' }])
  t.same(problemsOf(`\uFEFF${text}`), places)
  t.same(problemsOf(text.replaceAll('\n', '\r\n')), places)
  t.match(problemsOf('\uFEFFruels: []\n').at(-1), { line: 1, column: 1, code: 'unknown-key' })
  t.match(problemsOf('\uFEFF'), [{ code: 'file-empty' }])
})

t.test('a %YAML 1.1 directive cannot turn off into false', async (t) => {
  t.same(problemsOf(`%YAML 1.1\n---\n${smallest}log: { access: off }\n`), [])
})

t.test('control characters are shown, not obeyed', async (t) => {
  t.match(problemsOf(`version: 1\nname: a\u0000b\u001b\nother: \u0007\n`), [
    { code: 'control-character', line: 2, column: 8, message: /U\+0000/ },
    { code: 'control-character', line: 3, column: 8, message: /U\+0007/ },
  ])
})

t.test('prototypes stay as they are', async (t) => {
  const problems = problemsOf(
    `${smallest}__proto__: { polluted: true }\nconstructor: { prototype: { polluted: true } }\n`,
  )
  t.match(problems, [
    { code: 'bad-key', line: 8, column: 1 },
    { code: 'unknown-key', where: 'constructor' },
  ])
  t.notOk('polluted' in {})
  const pool = smallest.replace(/pool01/g, 'constructor')
  t.same(problemsOf(pool), [], 'a pool may be called constructor')
  t.match(problemsOf(smallest.replace('pool: pool01', 'pool: toString')), [
    { code: 'unused-pool' },
    { code: 'missing-pool' },
  ])
})

t.test('very many problems are counted, not listed', async (t) => {
  const keys = Array.from({ length: 30_000 }, (_, index) => `key${index}: 1\n`).join('')
  const problems = problemsOf(smallest + keys)
  t.equal(problems.length, 101)
  t.match(problems.at(-1), { code: 'more-problems', severity: 'error', message: 'and 29900 more' })
  t.match(problems[99], { line: 107 })
})

t.test('errors are listed before warnings if there is no room for both', async (t) => {
  const pools = Array.from(
    { length: 150 },
    (_, index) => `  p${index}: { product: other, servers: [a] }\n`,
  ).join('')
  const withUnused = smallest.replace('rules:\n', `${pools}rules:\n`)
  const warned = parseRules(withUnused, 'rules.yaml')
  t.equal(warned.ok && warned.value.warnings.length, 101)
  t.match(warned.ok && warned.value.warnings.at(-1), { severity: 'warning' })
  const problems = problemsOf(`${withUnused}ruels: []\n`)
  t.equal(problems.length, 101)
  t.ok(problems.some(({ code }) => code === 'unknown-key'))
})

t.test('hostile nesting, aliases and sheer size end in a problem', async (t) => {
  const hostile = {
    'too-deep': ['a: '.concat('['.repeat(100_000)), '- '.repeat(100_000), '{a: '.repeat(50_000)],
    'too-many-aliases': [
      `a: &a [${'x,'.repeat(10_000)}]\nb: [${'*a,'.repeat(10_000)}]`,
      'a: &a { b: *a }',
    ],
    'yaml-syntax': ['a: *nowhere', ']'.repeat(10_000), '"'.repeat(10_001)],
    'not-a-map': ['x'.repeat(2 ** 20)],
  }
  for (const [code, texts] of Object.entries(hostile)) {
    for (const text of texts) {
      t.match(problemsOf(text)[0], { code }, `${code}: ${text.slice(0, 20)}`)
    }
  }
})

t.test('{sipDomain} cannot multiply beyond all measure', async (t) => {
  const list = (prefix: string) =>
    Array.from({ length: 4_000 }, (_, index) => `"${prefix}${index}"`).join(', ')
  const text = smallest
    .replace('version: 1\n', `version: 1\nsipDomains: [${list('d')}]\n`)
    .replace('[meet.contoso.com]', `[${list('meet.{sipDomain}.x')}]`)
  t.match(problemsOf(text), [{ code: 'out-of-range', where: 'rules[0].hosts[25]' }])
})

t.test('a file that cannot be read is one clear problem', async (t) => {
  const directory = t.testdir({
    'rules.yaml': smallest,
    'large.yaml': '#'.repeat(2 ** 20 + 1),
    'largest.yaml': `${smallest}#${'x'.repeat(2 ** 20 - smallest.length - 1)}`,
    'locked.yaml': smallest,
  })
  const load = async (name: string) => {
    const loaded = await loadRules(join(directory, name))
    return loaded.ok ? [] : loaded.error
  }
  writeFileSync(join(directory, 'utf16.yaml'), Buffer.from(`\uFEFF${smallest}`, 'utf16le'))
  writeFileSync(join(directory, 'latin1.yaml'), Buffer.from('# Zürich\n', 'latin1'))

  t.same(await load('rules.yaml'), [])
  t.same(await load('largest.yaml'), [])
  t.match(await load('none.yaml'), [
    { code: 'file-unreadable', line: 1, column: 1, message: /does not exist/ },
  ])
  t.match(await load('.'), [{ code: 'file-unreadable', message: /is a directory/ }])
  t.match(await load('rules.yaml/x'), [{ code: 'file-unreadable', message: /does not exist/ }])
  t.match(await load('nul\0'), [{ code: 'file-unreadable' }])
  t.match(await load('large.yaml'), [{ code: 'file-too-large' }])
  t.match(await load('utf16.yaml'), [{ code: 'file-not-utf8', message: /UTF-16/ }])
  t.match(await load('latin1.yaml'), [{ code: 'file-not-utf8', message: /not UTF-8/ }])

  chmodSync(join(directory, 'locked.yaml'), 0)
  // root reads everything
  if (getuid?.() !== 0) {
    t.match(await load('locked.yaml'), [{ code: 'file-unreadable', message: /may not be read/ }])
  }
})
