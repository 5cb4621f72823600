import t from 'tap'
import type { Exchange } from '../../../src/pipeline/exchange.ts'
import { locationRewriter } from '../../../src/pipeline/rewrite-location.ts'
import type { Server } from '../../../src/pools/server.ts'
import { readHost } from '../../../src/routing/host.ts'

const server = (address: string): Server =>
  ({
    address,
    httpPort: 8080,
    httpsPort: 4443,
    tls: { serverName: 'pool01.contoso.local' },
  }) as Server

/** What becomes of a Location in an answer to a request for `host`. */
function rewritten(
  location: string,
  options: { host?: string; isTls?: boolean; address?: string } = {},
) {
  const { host = 'lyncweb.contoso.com', isTls = true, address = 'fe01.contoso.local' } = options
  const published = readHost(host)
  if (!published) throw new Error(host)
  const exchange = { connection: { arrival: { isTls } } } as unknown as Exchange
  return locationRewriter(exchange, published)(location, server(address))
}

t.test(
  "the server's own address, certificate name, and the published name with its port",
  async (t) => {
    for (const host of [
      'fe01.contoso.local',
      'FE01.contoso.local.',
      'pool01.contoso.local',
      'lyncweb.contoso.com',
    ]) {
      t.equal(
        rewritten(`https://${host}:4443/a?b=c?d#e`),
        'https://lyncweb.contoso.com/a?b=c?d#e',
        host,
      )
      t.equal(rewritten(`HTTPS://${host}:4443`), 'https://lyncweb.contoso.com', host)
      t.equal(rewritten(`https://${host}:4443?a`), 'https://lyncweb.contoso.com?a', host)
    }
  },
)

t.test('the published port is the one that the client used', async (t) => {
  const location = 'https://fe01.contoso.local:4443/a'
  t.equal(
    rewritten(location, { host: 'lyncweb.contoso.com:8443' }),
    'https://lyncweb.contoso.com:8443/a',
  )
})

t.test('from 80 to 443 the scheme changes and the port goes', async (t) => {
  const options = { host: 'lyncweb.contoso.com:81', isTls: false }
  t.equal(rewritten('https://fe01.contoso.local:4443/a', options), 'https://lyncweb.contoso.com/a')
  t.equal(rewritten('http://fe01.contoso.local:8080/a', options), 'http://lyncweb.contoso.com:81/a')
})

t.test('IPv6 servers and IPv6 published hosts', async (t) => {
  t.equal(
    rewritten('https://[2001:DB8:0::1]:4443/a', { address: '2001:db8::1' }),
    'https://lyncweb.contoso.com/a',
  )
  t.equal(
    rewritten('https://[2001:db8::2]:4443/a', { host: '[2001:db8::2]' }),
    'https://[2001:db8::2]/a',
  )
})

t.test('everything else stays as it is', async (t) => {
  for (const location of [
    'https://fe01.contoso.local/a',
    'https://fe01.contoso.local:443/a',
    'https://fe01.contoso.local:4444/a',
    'https://fe01.contoso.local:8080/a',
    'http://fe01.contoso.local:4443/a',
    'https://lyncweb.contoso.com/a',
    'https://LyncWeb.contoso.com:443/a',
    'https://fe02.contoso.local:4443/a',
    'https://login.example:4443/a',
    'https://user@fe01.contoso.local:4443/a',
    'https://fe01.contoso.local:4443@evil.example/a',
    'https://evil.example\\@fe01.contoso.local:4443/a',
    'https://fe01.contoso.local.evil.example:4443/a',
    '//fe01.contoso.local:4443/a',
    '/a?b=https://fe01.contoso.local:4443/',
    'a/b',
    '',
    'https://',
    'https://fe01.contoso.local:x/a',
    'sip:alice@fe01.contoso.local:4443',
    'ms-appx://fe01.contoso.local:4443/a',
  ]) {
    t.equal(rewritten(location), location)
  }
})
