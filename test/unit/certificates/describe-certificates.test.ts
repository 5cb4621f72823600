import t from 'tap'
import type { LoadedCertificate } from '../../../src/certificates/certificate.ts'
import { describeCertificates } from '../../../src/certificates/describe-certificates.ts'
import { parseRules } from '../../../src/config/load.ts'

const parsed = parseRules(
  `version: 1
sipDomains: [contoso.com, fabrikam.com]
listeners:
  - { name: out, http: 80, https: 443 }
  - { name: plain, http: 8000 }
certificates: [{ cert: a, key: b }]
pools: { pool01: { product: skype-se, servers: [fe01] } }
rules:
  - { name: Web, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }
  - { name: Meetings, publish: meet, hosts: ["meet.{sipDomain}"], pool: pool01 }
  - { name: Discovery, publish: autodiscover, hosts: ["lyncdiscover.{sipDomain}"], pool: pool01, https: refuse }
  - { name: Elsewhere, publish: anything, hosts: [x.contoso.com], pool: pool01, http: forward, listeners: [plain] }
  - { name: All, publish: anything, hosts: ["*.fabrikam.com"], pool: pool01 }
`,
  'rules.yaml',
)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
const { rules } = parsed.value

const certificate = (names: readonly string[], keyType: string, keyBits?: number) =>
  ({
    names,
    certPem: '',
    keyPem: '',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-12-31T00:00:00Z'),
    issuer: 'Contoso CA',
    serialNumber: '01',
    keyType,
    keyBits,
  }) satisfies LoadedCertificate

const now = new Date('2026-12-01T12:00:00Z')

t.test('names, end, key, and the rules of each', async (t) => {
  const { certificates } = describeCertificates(
    {
      rules,
      acmeNames: [],
      certificates: [
        certificate(['*.contoso.com'], 'rsa', 2048),
        certificate(['meet.fabrikam.com'], 'ec'),
        certificate(['unused.example'], 'ed25519'),
      ],
      admin: { certificate: certificate(['lyncgate01.contoso.local'], 'ec') },
    },
    now,
  )
  t.match(certificates, [
    { names: ['*.contoso.com'], issuer: 'Contoso CA', daysLeft: 29, keyType: 'RSA 2048' },
    { keyType: 'EC', rules: ['Meetings'] },
    { keyType: 'ED25519', rules: [], shownTo: 'clients' },
    { names: ['lyncgate01.contoso.local'], rules: [], shownTo: 'administrators' },
  ])
  t.same(certificates[0]?.rules, ['Web', 'Meetings'])
})

t.test('names that are needed, and those that none covers', async (t) => {
  const certificates = [certificate(['*.contoso.com'], 'rsa', 2048)]
  const { needed, missing } = describeCertificates({ certificates, rules, acmeNames: [] }, now)
  t.same(
    needed,
    ['lyncweb.contoso.com', 'meet.contoso.com', 'meet.fabrikam.com', '*.fabrikam.com'],
    'not those over plain HTTP only',
  )
  t.same(missing, ['meet.fabrikam.com', '*.fabrikam.com'])

  const acme = describeCertificates({ certificates, rules, acmeNames: ['meet.fabrikam.com'] }, now)
  t.same([acme.pending, acme.missing], [['meet.fabrikam.com'], ['*.fabrikam.com']])
})
