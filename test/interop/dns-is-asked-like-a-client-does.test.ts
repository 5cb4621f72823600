import t from 'tap'
import { openDns } from '../../src/preflight/dns.ts'
import { requireDnsmasq, startDnsmasq } from '../support/dns-server.ts'

t.test('records in the order of use, both families of addresses, aliases', async (t) => {
  if (!requireDnsmasq(t)) return
  const server = await startDnsmasq(t, [
    'srv-host=_sip._tls.contoso.com,SIP2.contoso.com,5061,20,5',
    'srv-host=_sip._tls.contoso.com,sip.contoso.com,443,10,1',
    'srv-host=_sip._tls.contoso.com,sip3.contoso.com,443,10,9',
    'host-record=sip.contoso.com,127.5.0.1,fd00::1',
    'host-record=edge.contoso.com,127.5.0.2',
    'cname=alias.contoso.com,edge.contoso.com',
  ])
  const dns = openDns({ servers: [server], timeoutMs: 2_000 })
  const srv = await dns.srv('_sip._tls.contoso.com')
  t.same(srv.status === 'found' && srv.records.map(({ target }) => target), [
    'sip3.contoso.com',
    'sip.contoso.com',
    'sip2.contoso.com',
  ])
  t.same(await dns.addresses('sip.contoso.com'), {
    status: 'found',
    records: ['127.5.0.1', 'fd00::1'],
    total: 2,
  })
  t.match(await dns.addresses('alias.contoso.com'), { records: ['127.5.0.2'] })
  t.match(await dns.alias('alias.contoso.com'), { records: ['edge.contoso.com'] })
  t.same(await dns.alias('sip.contoso.com'), { status: 'none' })
  t.same(await dns.srv('_sip._tcp.contoso.com'), { status: 'none' })
})
