/** `lyncgate certificates FILE`. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { certificatesUsage, runCertificates } from '../../../src/cli/certificates.ts'
import { createAuthority } from '../../../src/lab/authority.ts'

const now = new Date('2026-11-22T12:00:00Z')

async function run(t: Test, args: readonly string[], file?: string) {
  const authority = await createAuthority('Contoso CA')
  const { certPem, keyPem } = await authority.issue({
    names: ['lyncweb.contoso.com', 'meet.contoso.com'],
    notBefore: new Date('2026-11-01T00:00:00Z'),
    notAfter: new Date('2027-01-31T12:00:00Z'),
    keyType: 'rsa',
  })
  const rules =
    file ??
    `version: 1
listeners: [{ name: internet, http: 80, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools: { pool01: { product: skype-se, servers: [fe01] } }
rules:
  - { name: Web services, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }
  - { name: Meetings, publish: meet, hosts: [meet.contoso.com], pool: pool01 }
  - { name: Discovery, publish: autodiscover, hosts: [lyncdiscover.fabrikam.com], pool: pool01 }
`
  const directory = t.testdir({ 'lyncgate.yaml': rules, 'public.pem': certPem })
  writeFileSync(join(directory, 'public.key'), keyPem)
  chmodSync(join(directory, 'public.key'), 0o600)
  const heard = { stdout: '', stderr: '' }
  const io = {
    stdout: (text: string) => {
      heard.stdout += text
    },
    stderr: (text: string) => {
      heard.stderr += text
    },
    isTerminal: false,
  }
  const own = args.map((each) => each.replace('FILE', join(directory, 'lyncgate.yaml')))
  return { code: await runCertificates(own, io, now), ...heard }
}

t.test('a table, and the names that none covers', async (t) => {
  t.same(await run(t, ['FILE']), {
    code: 0,
    stdout: `EXPIRES     DAYS  KEY       SHOWN TO  ISSUER      RULES                   NAMES
2027-01-31  70    RSA 2048  clients   Contoso CA  Web services, Meetings  lyncweb.contoso.com, meet.contoso.com

not covered: clients that ask for these get no certificate
  lyncdiscover.fabrikam.com
`,
    stderr: '',
  })
})

t.test('as JSON', async (t) => {
  const { code, stdout } = await run(t, ['FILE', '--json'])
  t.equal(code, 0)
  t.match(JSON.parse(stdout), {
    certificates: [
      {
        names: ['lyncweb.contoso.com', 'meet.contoso.com'],
        issuer: 'Contoso CA',
        notAfter: '2027-01-31T12:00:00.000Z',
        daysLeft: 70,
        keyType: 'RSA 2048',
        rules: ['Web services', 'Meetings'],
      },
    ],
    needed: ['lyncweb.contoso.com', 'meet.contoso.com', 'lyncdiscover.fabrikam.com'],
    missing: ['lyncdiscover.fabrikam.com'],
  })
  t.notMatch(stdout, 'PRIVATE', 'no key is printed')
})

t.test('a file that cannot be used, and calls that are wrong', async (t) => {
  const { code, stdout, stderr } = await run(t, ['FILE'], 'version: 2\n')
  t.same([code, stdout], [1, ''])
  t.match(stderr, 'version')
  for (const args of [[], ['a', 'b'], ['--what']]) {
    const wrong = await run(t, args)
    t.equal(wrong.code, 2)
    t.match(wrong.stderr, certificatesUsage)
  }
})
