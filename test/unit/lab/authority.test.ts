import { createPrivateKey, X509Certificate } from 'node:crypto'
import t from 'tap'
import { createAuthority } from '../../../src/lab/authority.ts'

t.test('certificates are the root’s own, fit their key and carry the names', async (t) => {
  const authority = await createAuthority('Contoso Lab, "Root"')
  const root = new X509Certificate(authority.certificatePem)
  t.ok(root.ca)
  for (const keyType of ['ecdsa', 'rsa'] as const) {
    const issued = await authority.issue({
      names: ['*.contoso.com', 'fe01.contoso.local'],
      ips: ['127.0.0.1', '::1'],
      keyType,
    })
    const certificate = new X509Certificate(issued.certPem)
    t.ok(certificate.verify(root.publicKey), keyType)
    t.ok(certificate.checkIssued(root))
    t.ok(certificate.checkPrivateKey(createPrivateKey(issued.keyPem)))
    t.equal(certificate.publicKey.asymmetricKeyType, keyType === 'rsa' ? 'rsa' : 'ec')
    t.ok(certificate.checkHost('meet.contoso.com'), 'wildcard')
    t.ok(certificate.checkHost('fe01.contoso.local'))
    t.notOk(certificate.checkHost('fe02.contoso.local'))
    t.ok(certificate.checkIP('127.0.0.1'))
    t.ok(certificate.checkIP('::1'))
    t.ok(certificate.validFromDate < new Date() && certificate.validToDate > new Date())
  }
})

t.test('a certificate can be expired, or not yet valid', async (t) => {
  const authority = await createAuthority('Root')
  const [before, after] = [new Date('2020-01-01T00:00:00Z'), new Date('2021-01-01T00:00:00Z')]
  const expired = await authority.issue({ names: ['a'], notBefore: before, notAfter: after })
  t.same(new X509Certificate(expired.certPem).validToDate, after)
  const early = await authority.issue({ names: ['a'], notBefore: new Date('2040-01-01T00:00:00Z') })
  t.same(new X509Certificate(early.certPem).validFromDate, new Date('2040-01-01T00:00:00Z'))
})
