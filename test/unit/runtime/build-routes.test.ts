import t from 'tap'
import { decisionSnapshot } from '../../support/decision-snapshot.ts'

t.test('rules that want the same share one policy, others do not', async (t) => {
  const { routes } = decisionSnapshot(`pools:
  skype: { product: skype-se, servers: [fe01] }
  lync: { product: lync-2013, servers: [fe02] }
rules:
  - { name: a, publish: web-services, hosts: [a.contoso.com], pool: skype }
  - { name: b, publish: web-services, hosts: [b.contoso.com], pool: skype }
  - { name: denies, publish: web-services, hosts: [denies.contoso.com], pool: skype, deny: [/ucwa] }
  - { name: allows, publish: web-services, hosts: [allows.contoso.com], pool: skype, allow: [/ucwa] }
  - { name: lync, publish: web-services, hosts: [lync.contoso.com], pool: lync }
  - { name: meet, publish: meet, hosts: [meet.contoso.com], pool: skype }
`)
  const policyOf = (name: string) => routes.get('internet')?.match(`${name}.contoso.com`)?.policy
  t.ok(policyOf('a'))
  t.equal(policyOf('b'), policyOf('a'))
  const others = ['a', 'denies', 'allows', 'lync', 'meet'].map(policyOf)
  t.equal(new Set(others).size, others.length)
  t.equal(policyOf('denies')?.decide('/ucwa/v1').kind, 'refuse')
  t.equal(policyOf('b')?.decide('/ucwa/v1').kind, 'serve')
})
