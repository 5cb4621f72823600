import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { createAuthority } from '../../../src/lab/authority.ts'
import { readCertificateNames } from '../../../src/streams/certificate-names.ts'
import { fc } from '../../support/property.ts'
import { vector } from '../../support/tls-bytes.ts'

const derOf = async (names: readonly string[]): Promise<Buffer> => {
  const authority = await createAuthority('Test Root')
  return new X509Certificate((await authority.issue({ names: [...names] })).certPem).raw
}

const chain = (...certificates: readonly Buffer[]): Buffer =>
  vector(3, ...certificates.map((der) => vector(3, der)))

t.test('the names of the first certificate, each once', async (t) => {
  const leaf = await derOf(['sip.contoso.com', '*.contoso.com'])
  const other = await derOf(['other.contoso.com'])
  t.same(readCertificateNames(chain(leaf, other)), ['sip.contoso.com', '*.contoso.com'])
})

t.test('no certificate, no names', async (t) => {
  t.same(readCertificateNames(Buffer.alloc(0)), [])
  t.same(readCertificateNames(chain()), [])
  t.same(readCertificateNames(chain(Buffer.alloc(0))), [])
  t.same(readCertificateNames(chain(Buffer.alloc(20_000))), [])
})

t.test('at most 20 names', async (t) => {
  const many = Array.from({ length: 50 }, (_, index) => `n${index}.contoso.com`)
  t.equal(readCertificateNames(chain(await derOf(many))).length, 20)
})

t.test('every cut and every changed byte gives an answer', async (t) => {
  const whole = chain(await derOf(['sip.contoso.com']))
  for (let length = 0; length < whole.length; length++)
    t.same(readCertificateNames(whole.subarray(0, length)), [])
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(whole)
      changed[at] = value
      return readCertificateNames(changed).every((name) => /^[^\p{C}]{1,253}$/u.test(name))
    }),
    { numRuns: 500 },
  )
})
