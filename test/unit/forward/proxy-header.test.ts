import t from 'tap'
import { writeProxyHeader } from '../../../src/forward/proxy-header.ts'

const ends = (clientAddress: string, localAddress: string) => ({
  clientAddress,
  clientPort: 51_000,
  localAddress,
  localPort: 5061,
})

const v1 = (client: string, local: string): string =>
  writeProxyHeader('v1', ends(client, local)).toString('latin1')

const v2 = (client: string, local: string): string =>
  writeProxyHeader('v2', ends(client, local)).toString('hex')

const signature = '0d0a0d0a000d0a515549540a'

t.test('version 1', async (t) => {
  t.equal(v1('192.0.2.1', '10.0.0.1'), 'PROXY TCP4 192.0.2.1 10.0.0.1 51000 5061\r\n')
  t.equal(v1('2001:db8::1', '::1'), 'PROXY TCP6 2001:db8::1 ::1 51000 5061\r\n')
  t.equal(v1('192.0.2.1', '::ffff:10.0.0.1'), 'PROXY TCP4 192.0.2.1 10.0.0.1 51000 5061\r\n')
  t.equal(v1('192.0.2.1', '2001:db8::2'), 'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 51000 5061\r\n')
  t.equal(v1('fe80::1%eth0', 'fe80::2%eth0'), 'PROXY TCP6 fe80::1 fe80::2 51000 5061\r\n')
  t.equal(v1('', ''), 'PROXY UNKNOWN\r\n')
})

t.test('version 2', async (t) => {
  t.equal(v2('192.0.2.1', '10.0.0.1'), `${signature}2111000cc00002010a000001c73813c5`)
  t.equal(
    v2('2001:db8::1', '::'),
    `${signature}21210024${'20010db8000000000000000000000001'}${'0'.repeat(32)}c73813c5`,
  )
  t.equal(
    v2('192.0.2.1', '1:2:3:4:5:6:7:8'),
    `${signature}21210024${'00000000000000000000ffffc0000201'}${'00010002000300040005000600070008'}c73813c5`,
  )
  t.equal(v2('nobody', '::1'), `${signature}20000000`)
})
