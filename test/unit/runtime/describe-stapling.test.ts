import t from 'tap'
import { describeStapling } from '../../../src/runtime/describe-stapling.ts'
import type { Material } from '../../../src/runtime/material.ts'
import { createOcspAuthority } from '../../support/ocsp-authority.ts'

t.test('lyncgate check says what stapling would do, does, or cannot do', async (t) => {
  const authority = await createOcspAuthority(t)
  await authority.issue('web.example', { url: 'http://ocsp.example/a' })
  const named = await authority.load('web.example')
  const alone = { ...named, certPem: '' }
  const said = (ocspStapling: 'off' | 'on', certificates: Material['certificates']) =>
    describeStapling({ rules: { ocspStapling }, certificates } as Material)
  t.match(said('off', [named, named]), [/"ocspStapling: on" would staple .* of ocsp\.example$/])
  t.same(said('off', [alone]), [])
  t.same(said('on', [named, alone]), ['OCSP responses are fetched from ocsp.example'])
  t.match(said('on', [alone]), [/is on, but there is no certificate/])
})
