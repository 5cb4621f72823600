import t from 'tap'
import { unmapped } from '../../../src/base/unmapped.ts'
import { clientAddress } from '../../../src/pipeline/client-address.ts'

const isTrusted = (address: string): boolean => /^(10\.|2001:db8:ffff:)/.test(address)

const cases: readonly [what: string, peer: string, fields: string[] | undefined, client: string][] =
  [
    ['an untrusted peer is the client', '192.0.2.1', ['198.51.100.7'], '192.0.2.1'],
    ['a trusted peer that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a trusted peer that names the client', '10.0.0.1', ['198.51.100.7'], '198.51.100.7'],
    ['several trusted hops', '10.0.0.1', ['198.51.100.7, 10.0.0.3', '10.0.0.2'], '198.51.100.7'],
    ['what a client wrote itself', '10.0.0.1', ['192.0.2.66', '198.51.100.7'], '198.51.100.7'],
    ['only trusted hops: the first', '10.0.0.1', ['10.0.0.9, 10.0.0.8'], '10.0.0.9'],
    ['nonsense ends the chain', '10.0.0.1', ['198.51.100.7, unknown, 10.0.0.2'], '10.0.0.2'],
    ['nothing but nonsense', '10.0.0.1', ['unknown'], '10.0.0.1'],
    ['an empty field', '10.0.0.1', [''], '10.0.0.1'],
    ['a port', '10.0.0.1', ['198.51.100.7:1234'], '198.51.100.7'],
    ['IPv6', '10.0.0.1', ['2001:db8::1'], '2001:db8::1'],
    ['IPv6 with brackets', '10.0.0.1', ['[2001:db8::1]'], '2001:db8::1'],
    ['IPv6 with a port', '10.0.0.1', ['[2001:db8::1]:443'], '2001:db8::1'],
    ['blanks', '10.0.0.1', [' \t198.51.100.7\t '], '198.51.100.7'],
    ['IPv4 in IPv6', '10.0.0.1', ['198.51.100.7, ::ffff:10.0.0.2'], '198.51.100.7'],
  ]

for (const [what, peer, fields, client] of cases) {
  t.test(what, async (t) => {
    t.equal(clientAddress(peer, fields, isTrusted), client)
  })
}

t.test('IPv4 of a dual-stack listener is written as IPv4', async (t) => {
  t.equal(unmapped('::ffff:192.0.2.1'), '192.0.2.1')
  t.equal(unmapped('::ffff:c000:201'), '::ffff:c000:201')
  t.equal(unmapped('2001:db8::1'), '2001:db8::1')
  t.equal(unmapped('192.0.2.1'), '192.0.2.1')
})
