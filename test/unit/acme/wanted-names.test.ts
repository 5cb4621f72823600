import t from 'tap'
import { wantedNames } from '../../../src/acme/wanted-names.ts'
import { parseRules } from '../../../src/config/load.ts'
import type { Rules } from '../../../src/config/rules.ts'

function rulesOf(rules: string, more = ''): Rules {
  const parsed = parseRules(
    `version: 1
sipDomains: [contoso.com, fabrikam.com]
listeners:
  - { name: out, http: 80, https: 443 }
  - { name: plain, address: 127.0.0.1, http: 81 ${more} }
acme: { directory: "https://ca.example/directory", contact: a@contoso.com, storage: acme }
pools: { pool01: { product: skype-se, servers: [fe01] } }
rules:
${rules}`,
    '/etc/lyncgate/rules.yaml',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value.rules
}

t.test('published over TLS, by name, and covered by no certificate of the file', async (t) => {
  const rules = rulesOf(`
  - { name: A, publish: meet, hosts: ["meet.{sipDomain}", "*.contoso.net"], pool: pool01 }
  - { name: B, publish: autodiscover, hosts: ["lyncdiscover.{sipDomain}"], pool: pool01, https: refuse }
  - { name: C, publish: anything, hosts: [only.contoso.com], listeners: [plain], pool: pool01, http: forward }
  - { name: D, publish: anything, hosts: [192.0.2.1, "[2001:db8::1]", München.contoso.com], pool: pool01 }
`)
  const certificate = { names: ['*.fabrikam.com'] }
  t.same(wantedNames(rules, [certificate]), ['meet.contoso.com', 'xn--mnchen-3ya.contoso.com'])
  t.same(wantedNames(rules, []), [
    'meet.contoso.com',
    'meet.fabrikam.com',
    'xn--mnchen-3ya.contoso.com',
  ])
  t.same(wantedNames({ ...rules, acme: undefined }, []), [])
})

t.test('keys are RSA where old phones come', async (t) => {
  const rule = '  - { name: A, publish: meet, hosts: [meet.contoso.com], pool: pool01 }'
  t.equal(rulesOf(rule).acme?.keyType, 'ecdsa')
  t.equal(rulesOf(rule, ', https: 444, tls: legacy').acme?.keyType, 'rsa')
  t.equal(rulesOf(rule).acme?.storage, '/etc/lyncgate/acme')
})
