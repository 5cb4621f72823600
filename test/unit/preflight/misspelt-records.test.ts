import t from 'tap'
import { answersEverything, findMisspelt } from '../../../src/preflight/misspelt-records.ts'
import { createWorld } from '../../support/preflight-world.ts'
import { createSipAuthority } from '../../support/sip-certificates.ts'

const authority = await createSipAuthority()
const federation = '_sipfederationtls._tcp'

t.test('usual mistakes are found by name', async (t) => {
  for (const name of [
    '_sipfederationstls._tcp.contoso.com',
    '_sipfederationtls._tls.contoso.com',
    'sipfederationtls._tcp.contoso.com',
    '_sipfederationtls._tcp.contoso.com.contoso.com',
  ]) {
    const { dns } = await createWorld(`${name} SRV 0 0 5061 sip.contoso.com`, authority)
    const found = await findMisspelt(dns, 'contoso.com', [federation])
    t.match(found, [{ name, meant: federation, records: [{ port: 5061 }] }])
  }
})

t.test('the right name is no mistake, and a wildcard is told from one', async (t) => {
  const right = await createWorld(`${federation}.contoso.com SRV 0 0 5061 x.contoso.com`, authority)
  t.same(await findMisspelt(right.dns, 'contoso.com', [federation, '_sip._tls']), [])
  t.notOk(await answersEverything(right.dns, 'contoso.com'))
  const wild = await createWorld('*.contoso.com SRV 0 0 5061 x.contoso.com', authority)
  t.ok(await answersEverything(wild.dns, 'contoso.com'))
})
