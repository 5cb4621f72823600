import { createSecureContext } from 'node:tls'
import t from 'tap'
import type { PoolHealthRule, PublishingRule, PublishKind } from '../../../src/config/rules.ts'
import { checkName } from '../../../src/pools/server-check.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'
import { checkHost, checkOf } from '../../../src/runtime/build-checks.ts'

const rule = (publish: PublishKind, hosts: readonly string[], pool = 'pool01'): PublishingRule => ({
  name: publish,
  publish,
  hosts,
  pool,
  listeners: [],
  http: 'forward',
  https: 'serve',
  tlsProfile: undefined,
  allow: [],
  deny: [],
  phones: false,
  guestJoin: false,
  hideServerFields: false,
})

t.test('a pool is asked by a name it is published under', async (t) => {
  const rules = [
    rule('web-services', ['other.contoso.com'], 'pool02'),
    rule('meet', ['meet.contoso.com']),
    rule('anything', ['*.contoso.com', 'sfb.contoso.com']),
    rule('autodiscover', ['lyncdiscover.contoso.com']),
    rule('web-services', ['lyncweb.contoso.com']),
  ]
  t.equal(checkHost('pool01', rules), 'lyncweb.contoso.com', 'best that of the web services')
  t.equal(checkHost('pool01', rules.slice(0, 4)), 'lyncdiscover.contoso.com')
  t.equal(checkHost('pool01', rules.slice(0, 3)), 'sfb.contoso.com', 'never a wildcard')
  t.equal(checkHost('pool01', rules.slice(0, 2)), undefined, 'never a name of meetings')
  t.equal(checkHost('pool03', rules), undefined)
})

const tls = {
  secureContext: createSecureContext(),
  serverName: 'pool01.contoso.local',
  insecureSkipVerify: false,
}
const server = {
  address: 'fe01',
  httpPort: 8080,
  httpsPort: 4443,
  weight: 1,
  isDrainedByFile: false,
}
const web = { kind: 'web', path: '/x', status: 200, body: undefined } as const
const health = (change: Partial<PoolHealthRule> = {}): PoolHealthRule => ({
  check: web,
  intervalMs: 10_000,
  timeoutMs: 5_000,
  rise: 2,
  fall: 3,
  lastResort: false,
  ...change,
})

t.test('what is known is kept by address and check', async (t) => {
  const registry = new ServerRegistry()
  const scope = { server, tls, host: 'lyncweb.contoso.com', trust: ['root'] }
  const first = checkOf(health(), scope, registry)
  t.equal(first && checkName(first.target), 'GET https://lyncweb.contoso.com/x')
  const again = checkOf(health({ intervalMs: 1_000, rise: 5 }), scope, registry)
  t.equal(again?.health, first?.health, 'the timing is not what is asked')
  const drained = { ...scope, server: { ...server, isDrainedByFile: true, weight: 3 } }
  t.equal(checkOf(health(), drained, registry)?.health, first?.health)
  for (const other of [
    checkOf(health({ check: { ...web, path: '/y' } }), scope, registry),
    checkOf(health(), { ...scope, server: { ...server, httpsPort: 443 } }, registry),
    checkOf(health(), { ...scope, trust: ['another root'] }, registry),
  ])
    t.not(other?.health, first?.health)
  t.equal(checkOf(health({ check: { kind: 'none' } }), scope, registry), undefined)
})

t.test('defaults that depend on the server', async (t) => {
  const registry = new ServerRegistry()
  const scope = { server, tls, host: undefined, trust: [] }
  t.match(checkOf(health(), scope, registry)?.target, { host: 'pool01.contoso.local' })
  const tcp = checkOf(health({ check: { kind: 'tcp', port: undefined } }), scope, registry)
  t.equal(tcp && checkName(tcp.target), 'tcp:4443')
})
