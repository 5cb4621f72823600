import { X509Certificate } from 'node:crypto'
import t from 'tap'
import type { Finding, Verdict } from '../../../src/preflight/finding.ts'
import { type Demand, judgeCertificate } from '../../../src/preflight/judge-certificate.ts'
import { buildRoots } from '../../../src/preflight/roots.ts'
import { today } from '../../support/preflight-world.ts'
import { createSipAuthority, type SipCertificateRequest } from '../../support/sip-certificates.ts'

const authority = await createSipAuthority()
const roots = buildRoots([{ pem: authority.rootPem, source: 'public' }])
const federation: Demand = {
  name: 'sip.contoso.com',
  concerns: ['Lync', 'Teams'],
  wildcard: 'fail',
  isMutual: true,
}
const good = { names: ['sip.contoso.com', 'sip.fabrikam.com'] }

async function judge(
  request: SipCertificateRequest,
  demand: Demand = federation,
): Promise<readonly Finding[]> {
  const { certPem } = await authority.issue(request)
  const chain = [
    new X509Certificate(certPem),
    new X509Certificate(authority.intermediatePem),
  ] as const
  return judgeCertificate({ chain, subject: 'here', roots, now: today }, demand)
}

const verdicts = (findings: readonly Finding[], verdict: Verdict): readonly string[] =>
  findings.filter((each) => each.verdict === verdict).map(({ check }) => check)

t.test('a certificate that is fit for federation passes', async (t) => {
  const findings = await judge(good)
  t.equal(findings.length, 7)
  t.equal(verdicts(findings, 'pass').length, 7)
})

t.test('each mistake has its finding, and only that one', async (t) => {
  const table: readonly (readonly [string, SipCertificateRequest, Verdict])[] = [
    ['certificate-name', { names: ['sip.fabrikam.com'] }, 'fail'],
    ['certificate-name', { ...good, subject: 'edge01.contoso.local' }, 'warn'],
    ['certificate-name', { ...good, subject: '' }, 'warn'],
    ['certificate-wildcard', { names: ['*.contoso.com'] }, 'fail'],
    ['certificate-time', { ...good, notAfter: new Date('2026-11-21') }, 'fail'],
    ['certificate-time', { ...good, notBefore: new Date('2026-12-01') }, 'fail'],
    ['certificate-time', { ...good, notAfter: new Date('2026-12-05') }, 'warn'],
    ['certificate-server-auth', { ...good, usages: ['clientAuth'] }, 'fail'],
    ['certificate-client-auth', { ...good, usages: ['serverAuth'] }, 'fail'],
    ['certificate-key', { ...good, key: 1024 }, 'fail'],
    ['certificate-key', { ...good, key: 'ec' }, 'warn'],
    ['certificate-signature', { ...good, hash: 'SHA-1' }, 'fail'],
  ]
  for (const [check, request, verdict] of table) {
    const findings = await judge(request)
    t.same(verdicts(findings, verdict), [check], `${verdict} ${check}`)
    t.equal(verdicts(findings, 'pass').length, 6, `nothing else beside ${verdict} ${check}`)
    const found = findings.find((each) => each.verdict === verdict)
    t.ok(
      found?.means && found.advice && found.concerns.length > 0,
      'whom it concerns and what to do',
    )
  }
})

t.test('without extended usages it is good for everything', async (t) => {
  t.equal(verdicts(await judge({ ...good, usages: [] }), 'pass').length, 7)
})

t.test('a certificate of the time of LCS has its name in the subject only', async (t) => {
  const findings = await judge({ names: [], subject: 'sip.contoso.com' })
  t.match(findings[0], { verdict: 'pass', seen: 'for sip.contoso.com (subject only)' })
})

t.test('for web pages a wildcard is welcome and no client purpose is asked for', async (t) => {
  const demand: Demand = { ...federation, wildcard: 'pass', isMutual: false }
  const findings = await judge(
    { names: ['*.contoso.com'], usages: ['serverAuth'], key: 'ec' },
    demand,
  )
  t.equal(verdicts(findings, 'pass').length, findings.length)
})

t.test('a wildcard of one level does not reach deeper, nor the domain itself', async (t) => {
  for (const name of ['a.sip.contoso.com', 'contoso.com'])
    t.same(verdicts(await judge({ names: ['*.contoso.com'] }, { ...federation, name }), 'fail'), [
      'certificate-name',
    ])
})

t.test('a name that no certificate can have is not covered', async (t) => {
  for (const name of [
    'a\u0000.contoso.com',
    '',
    'x'.repeat(5000),
    '\\000.contoso.com',
    '*.contoso.com',
  ])
    t.same(
      verdicts(await judge(good, { ...federation, name }), 'fail'),
      ['certificate-name'],
      JSON.stringify(name.slice(0, 20)),
    )
})

t.test('what stands in the certificate cannot break the report', async (t) => {
  const names = Array.from({ length: 2000 }, (_, index) => `h${index}.contoso.com`)
  const hostile = [
    'a\u001b[2J\u0007.contoso.com',
    'x, DNS:sip.contoso.com',
    'y\nDNS:sip.contoso.com',
  ]
  const findings = await judge({
    subject: 'CN\u202e\r\nx'.repeat(50),
    names: [...hostile, ...names],
  })
  t.same(verdicts(findings, 'fail'), ['certificate-name'], 'a name inside a name is no name')
  for (const { seen, means = '', advice = '' } of findings) {
    t.ok(seen.length <= 401 && means.length <= 801 && advice.length <= 801)
    t.notMatch(seen + means + advice, /[\p{Cc}\p{Cf}]/u)
  }
  t.match(findings[0]?.seen, 'more')
})
