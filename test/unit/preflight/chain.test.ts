import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { followChain } from '../../../src/preflight/chain.ts'
import { buildRoots, type RootSource } from '../../../src/preflight/roots.ts'
import { today } from '../../support/preflight-world.ts'
import { createCrossSigned, createSipAuthority } from '../../support/sip-certificates.ts'

const authority = await createSipAuthority()
const other = await createSipAuthority('Other')
const names = ['sip.contoso.com']
const parse = (pem: string): X509Certificate => new X509Certificate(pem)
const root = parse(authority.rootPem)
const intermediate = parse(authority.intermediatePem)
const leaf = parse((await authority.issue({ names })).certPem)
const rootsFrom = (source: RootSource) => buildRoots([{ pem: authority.rootPem, source }])

t.test('a chain that leads to a root says whose root it is', async (t) => {
  for (const source of ['public', 'system', 'given'] as const)
    t.same(followChain([leaf, intermediate], rootsFrom(source), today), {
      kind: 'complete',
      root: 'Public Root',
      source,
    })
  t.match(followChain([leaf, root, intermediate], rootsFrom('public'), today), { kind: 'complete' })
  const both = buildRoots([
    { pem: authority.rootPem, source: 'system' },
    { pem: authority.rootPem, source: 'public' },
    { pem: 'no certificate', source: 'public' },
  ])
  t.match(followChain([leaf, intermediate], both, today), { source: 'public' })
})

t.test('what is missing or not trusted', async (t) => {
  const roots = rootsFrom('public')
  t.same(followChain([leaf], roots, today), { kind: 'incomplete', missing: 'Public Issuing CA' })
  const wrongIssuer = parse(other.intermediatePem)
  t.match(followChain([leaf, wrongIssuer], roots, today), { kind: 'incomplete' })
  const strangers = buildRoots([{ pem: other.rootPem, source: 'public' }])
  t.same(followChain([leaf, intermediate, root], strangers, today), {
    kind: 'unknown-root',
    root: 'Public Root',
  })
  const self = parse((await authority.issue({ names, signer: 'self' })).certPem)
  t.same(followChain([self], roots, today), { kind: 'self-signed' })
  const named = buildRoots([{ pem: self.toString(), source: 'given' }])
  t.match(followChain([self], named, today), { kind: 'complete', source: 'given' })
  t.match(followChain([leaf, intermediate], roots, new Date('2041-01-01')), {
    kind: 'issuer-expired',
    issuer: 'Public Issuing CA',
  })
})

t.test('a root of the same name with another key is not the root', async (t) => {
  const impostor = await createSipAuthority()
  const roots = buildRoots([{ pem: impostor.rootPem, source: 'public' }])
  t.match(followChain([leaf, intermediate, root], roots, today), { kind: 'unknown-root' })
  const forged = parse((await impostor.issue({ names })).certPem)
  t.match(followChain([forged, intermediate], rootsFrom('public'), today), { kind: 'incomplete' })
})

t.test('certificates that sign each other end the search after a hundred signatures', async (t) => {
  const { one, other: two } = await createCrossSigned()
  let signatures = 0
  const counted = (pem: string): X509Certificate => {
    const certificate = parse(pem)
    const verify = certificate.verify.bind(certificate)
    certificate.verify = (key) => {
      signatures += 1
      return verify(key)
    }
    return certificate
  }
  const copies = [one, two, one, two, one, two, one, two].map(counted)
  const found = followChain([counted(one), ...copies], buildRoots([]), today)
  t.match(found, { kind: 'incomplete' })
  t.ok(signatures > 20, `${signatures} signatures: there are many ways`)
  t.ok(signatures <= 100, `${signatures} signatures`)
})
