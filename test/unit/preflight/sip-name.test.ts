import t from 'tap'
import { type NameRelation, relateName } from '../../../src/preflight/sip-name.ts'

t.test('the name of a server against the SIP domain', async (t) => {
  // The first five stand in the fourth seed, the next three in the second one.
  const table: readonly (readonly [string, string, NameRelation])[] = [
    ['connect.acme.com', 'connect.acme.com', 'same'],
    ['xphone.connect.acme.com', 'connect.acme.com', 'below'],
    ['company.xphone.acme.com', 'connect.acme.com', 'elsewhere'],
    ['acme.com', 'connect.acme.com', 'elsewhere'],
    ['xphone.acme.com', 'connect.acme.com', 'elsewhere'],
    ['sip.netatwork.de', 'netatwork.de', 'below'],
    ['sip.netatwork.de', 'msxfaq.de', 'elsewhere'],
    ['sipfed.online.lync.com', 'msxfaq.de', 'hosted'],
    ['connect.acme.com', 'acme.de', 'elsewhere'],
    ['sip.edge.contoso.com', 'contoso.com', 'deeper'],
    ['sip.contoso.com.contoso.com', 'contoso.com', 'doubled'],
    ['evilcontoso.com', 'contoso.com', 'elsewhere'],
    ['sip.contoso.com.evil.example', 'contoso.com', 'elsewhere'],
    ['sipfed.online.lync.com.evil.example', 'contoso.com', 'elsewhere'],
    ['x.sipfed.online.lync.com', 'contoso.com', 'elsewhere'],
    ['192.0.2.1', 'contoso.com', 'address'],
    ['2001:db8::1', 'contoso.com', 'address'],
  ]
  for (const [target, domain, relation] of table)
    t.equal(relateName(target, domain), relation, `${target} for ${domain}`)
})
