/** What `lyncgate check` warns about before the users notice. */
import t from 'tap'
import type { LoadedCertificate } from '../../../src/certificates/certificate.ts'
import { parseRules } from '../../../src/config/load.ts'
import { adviseOnRules } from '../../../src/runtime/advise-on-rules.ts'

interface File {
  readonly rule: string
  readonly names?: readonly string[]
  readonly listeners?: string
}

function advise({
  rule,
  names = ['*.contoso.com'],
  listeners = '{ name: out, http: 80, https: 443 }',
}: File) {
  const parsed = parseRules(
    `version: 1
sipDomains: [contoso.com, fabrikam.com]
listeners: [${listeners}]
certificates: [{ cert: a, key: b }]
pools: { pool01: { product: skype-se, servers: [fe01] } }
rules:
  - { name: One, pool: pool01, ${rule} }
`,
    'rules.yaml',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  const certificate: LoadedCertificate = {
    names,
    certPem: '',
    keyPem: '',
    notBefore: new Date(0),
    notAfter: new Date(0),
    issuer: '',
    serialNumber: '',
    keyType: 'ec',
    keyBits: undefined,
  }
  return adviseOnRules(
    parsed.value,
    { certificates: [certificate], acmeNames: [] },
    (loaded, where, rest) => ({
      ...loaded.locate(where),
      where: where.join('.'),
      ...rest,
    }),
  )
}

t.test('names without a certificate, and what each client will see', async (t) => {
  for (const [publish, seen] of [
    ['web-services', /no client signs in/],
    ['meet', /browsers cannot open meeting links/],
    ['dialin', /browsers cannot open the dial-in page/],
    ['autodiscover', /mobile clients fall back to HTTP/],
    ['exchange', /calendar and contacts/],
  ] as const) {
    const [first, ...others] = advise({ rule: `publish: ${publish}, hosts: ["x.{sipDomain}"]` })
    t.match(first, {
      severity: 'warning',
      code: 'host-without-certificate',
      where: 'rules.0.hosts',
    })
    t.match(first?.message, /^no certificate covers x\.fabrikam\.com: .*refused/)
    t.match(first?.message, seen)
    t.match(first?.hint, 'DNS:x.fabrikam.com', 'the entry that is missing')
    const isDiscovery = publish === 'autodiscover'
    t.equal(
      /"https: refuse"/.test(first?.hint ?? ''),
      isDiscovery,
      'the second way is for discovery alone',
    )
    t.same(others, [])
  }
})

t.test('names that are covered, or shall have no HTTPS, need no advice', async (t) => {
  t.same(advise({ rule: 'publish: meet, hosts: [meet.contoso.com]' }), [])
  t.same(advise({ rule: 'publish: meet, hosts: ["*.contoso.com"]' }), [])
  t.same(
    advise({ rule: 'publish: autodiscover, hosts: [lyncdiscover.fabrikam.com], https: refuse' }),
    [],
  )
  t.same(
    advise({
      rule: 'publish: autodiscover, hosts: [lyncdiscover.fabrikam.com]',
      listeners: '{ name: out, http: 80 }',
    }),
    [],
    'no TLS on its listeners',
  )
  t.match(advise({ rule: 'publish: meet, hosts: ["*.contoso.com"]', names: ['a.contoso.com'] }), [
    { code: 'host-without-certificate' },
  ])
})

t.test('a redirect needs somewhere to go', async (t) => {
  const rule = 'publish: meet, hosts: [meet.contoso.com]'
  const listeners = '{ name: out, http: 80, https: 443 }, { name: in, http: 8880 }'
  t.match(advise({ rule, listeners }), [{ code: 'redirect-to-nowhere', message: /"in"/ }])
  t.same(advise({ rule: `${rule}, listeners: [out]`, listeners }), [])
  t.same(advise({ rule: `${rule}, http: forward`, listeners }), [])
})

t.test('names for inside belong to an inner listener', async (t) => {
  const rule = 'publish: autodiscover, hosts: ["lyncdiscoverinternal.contoso.com"]'
  t.match(advise({ rule }), [{ code: 'internal-name-everywhere' }])
  t.same(advise({ rule: `${rule}, listeners: [out]` }), [])
  t.match(advise({ rule: 'publish: web-services, hosts: [admin.contoso.com]' }), [
    { code: 'admin-published', message: /Control Panel/ },
  ])
  t.same(advise({ rule: 'publish: anything, hosts: [admin.contoso.com]' }), [])
})

t.test('what is opened although it is internal', async (t) => {
  t.match(advise({ rule: 'publish: meet, hosts: [meet.contoso.com], allow: [/abs, /cscp]' }), [
    { code: 'opens-internal', where: 'rules.0.allow.1', message: /Control Panel/ },
  ])
})
