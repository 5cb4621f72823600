import { SocketAddress } from 'node:net'
import t from 'tap'
import { MOST_V2_BYTES, parseProxyHeader } from '../../../src/listeners/parse-proxy-header.ts'
import { fc } from '../../support/property.ts'
import { proxyBinary, proxyFrame, proxyLine, proxyLocal } from '../../support/proxy-header.ts'

const line = (text: string): Buffer => Buffer.from(text, 'latin1')
const V4 = { source: '198.51.100.7' }
const V6 = { source: '2001:db8::7' }
const NOTHING = Buffer.alloc(0)
const AUTHORITY = [0x02, Buffer.from('lyncweb.contoso.com')] as const
const NOOP = [0x04, NOTHING] as const

/** Every form that is good, and the client that it names. */
const valid: readonly (readonly [string, Buffer, string | undefined])[] = [
  ['line, IPv4', proxyLine(V4), '198.51.100.7'],
  ['line, IPv6', proxyLine(V6), '2001:db8::7'],
  ['line, ports at both ends', line('PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n'), '0.0.0.0'],
  [
    'line, IPv6 as long as it gets',
    line(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    `${'ffff:'.repeat(7)}ffff`,
  ],
  ['line, IPv6 written otherwise', line('PROXY TCP6 2001:0DB8:0:0::7 ::1 1 2\r\n'), '2001:db8::7'],
  ['line, mapped IPv4', line('PROXY TCP6 ::ffff:198.51.100.7 ::1 1 2\r\n'), '198.51.100.7'],
  ['line, mapped IPv4 in hex', line('PROXY TCP6 ::FFFF:c633:6407 ::1 1 2\r\n'), '198.51.100.7'],
  ['line, unknown', line('PROXY UNKNOWN\r\n'), undefined],
  ['line, unknown with a rest', line('PROXY UNKNOWN \r or \n \xff 1.2.3.4\r\n'), undefined],
  [
    'line, as long as it may be',
    line(`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    undefined,
  ],
  ['binary, IPv4', proxyBinary(V4), '198.51.100.7'],
  ['binary, IPv6', proxyBinary(V6), '2001:db8::7'],
  ['binary, mapped IPv4', proxyBinary({ source: '::ffff:198.51.100.7' }), '198.51.100.7'],
  ['binary, vectors', proxyBinary(V4, { vectors: [AUTHORITY, NOOP] }), '198.51.100.7'],
  ['binary, checksum', proxyBinary(V6, { vectors: [AUTHORITY], checksum: true }), '2001:db8::7'],
  ['binary, local', proxyLocal(), undefined],
  ['binary, local with vectors', proxyLocal({ vectors: [AUTHORITY], checksum: true }), undefined],
  ['binary, local of a family that is none', proxyFrame(0x20, 0xff, line('junk')), undefined],
  ['binary, unspecified', proxyFrame(0x21, 0x00, NOTHING, { checksum: true }), undefined],
  ['binary, UNIX socket', proxyFrame(0x21, 0x31, Buffer.alloc(216)), undefined],
  [
    'binary, as long as it may be',
    proxyBinary(V4, { vectors: [[0xe0, Buffer.alloc(MOST_V2_BYTES - 16 - 12 - 3)]] }),
    '198.51.100.7',
  ],
]

const malformed: readonly (readonly [string, Buffer])[] = [
  ['HTTP', line('GET / HTTP/1.1\r\n')],
  ['HTTP that begins alike', line('PROPFIND')],
  ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
  ['an empty line', line('\r\nGET / HTTP/1.1\r\n')],
  ['lower case', line('proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['two spaces', line('PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['two spaces further on', line('PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n')],
  ['a tab', line('PROXY TCP4\t1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a space at the end', line('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n')],
  ['one port', line('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n')],
  ['three ports', line('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
  ['a line feed alone', line('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\nGET / HTTP/1.1\r\n')],
  ['a carriage return alone', line('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rGET / HTTP/1.1\r\n')],
  ['nothing', line('PROXY \r\n')],
  ['a protocol that is none', line('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['UNKNOWN and more', line('PROXY UNKNOWNS\r\n')],
  ['families mixed', line('PROXY TCP4 1.2.3.4 ::1 1 2\r\n')],
  ['IPv6 called TCP4', line('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['IPv4 called TCP6', line('PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a heading zero', line('PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n')],
  ['a number too large', line('PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n')],
  ['three numbers', line('PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n')],
  ['a zone', line('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
  ['brackets', line('PROXY TCP6 [::1] ::1 1 2\r\n')],
  ['nine groups', line('PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n')],
  ['a port too large', line('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n')],
  ['a port with a heading zero', line('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n')],
  ['a port with a sign', line('PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n')],
  ['a port in hex', line('PROXY TCP4 1.2.3.4 1.2.3.4 0x1 2\r\n')],
  ['a line without an end', line(`PROXY UNKNOWN ${'x'.repeat(93)}`)],
  ['a line that is one byte too long', line(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['version 1 in binary', proxyFrame(0x11, 0x11, Buffer.alloc(12))],
  ['version 3', proxyFrame(0x31, 0x11, Buffer.alloc(12))],
  ['a command that is none', proxyFrame(0x22, 0x11, Buffer.alloc(12))],
  ['UDP over IPv4', proxyFrame(0x21, 0x12, Buffer.alloc(12))],
  ['UDP over IPv6', proxyFrame(0x21, 0x22, Buffer.alloc(36))],
  ['UNIX datagrams', proxyFrame(0x21, 0x32, Buffer.alloc(216))],
  ['a family that is none', proxyFrame(0x21, 0x41, Buffer.alloc(12))],
  ['a protocol that is none, binary', proxyFrame(0x21, 0x13, Buffer.alloc(12))],
  ['no room for IPv4', proxyFrame(0x21, 0x11, Buffer.alloc(11))],
  ['no room for IPv6', proxyFrame(0x21, 0x21, Buffer.alloc(35))],
  [
    'a vector without a length',
    proxyFrame(0x21, 0x11, Buffer.concat([Buffer.alloc(12), line('\x04\0')])),
  ],
  [
    'a vector beyond the end',
    proxyFrame(0x21, 0x11, Buffer.concat([Buffer.alloc(12), line('\x04\0\x01')])),
  ],
  ['a checksum of three bytes', proxyBinary(V4, { vectors: [[0x03, Buffer.alloc(3)]] })],
  ['a wrong checksum', proxyBinary(V4, { vectors: [[0x03, Buffer.alloc(4)]] })],
  ['two checksums', proxyBinary(V4, { vectors: [[0x03, Buffer.alloc(4)]], checksum: true })],
  [
    'one byte too long',
    proxyBinary(V4, { vectors: [[0xe0, Buffer.alloc(MOST_V2_BYTES - 16 - 12 - 3 + 1)]] }),
  ],
  [
    'far too long, by its length alone',
    proxyFrame(0x21, 0x11, Buffer.alloc(65_535)).subarray(0, 16),
  ],
]

for (const [name, header, source] of valid) {
  t.test(`good: ${name}`, async (t) => {
    const expected = { kind: 'complete', length: header.length, source }
    t.same(parseProxyHeader(header), expected)
    t.same(parseProxyHeader(Buffer.concat([header, line('\r\nPROXY behind')])), expected)
    for (let cut = 0; cut < header.length; cut++) {
      const parsed = parseProxyHeader(header.subarray(0, cut))
      if (parsed.kind !== 'incomplete') t.fail(`cut at ${cut}: ${parsed.kind}`)
      else if (parsed.atLeast <= cut || parsed.atLeast > header.length)
        t.fail(`cut at ${cut}: waits for ${parsed.atLeast}`)
    }
  })
}

t.test('malformed', async (t) => {
  for (const [name, header] of malformed)
    t.match(parseProxyHeader(header), { kind: 'malformed' }, name)
})

t.test('what is no PROXY header is refused by its first wrong byte', async (t) => {
  for (const start of [proxyLine(V4).subarray(0, 6), proxyBinary(V4).subarray(0, 13)]) {
    for (let at = 0; at < start.length; at++) {
      const bytes = Buffer.from(start.subarray(0, at + 1))
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x80, at)
      t.match(parseProxyHeader(bytes), { kind: 'malformed' }, `byte ${at}`)
    }
  }
})

t.test('any one bit that changes is seen by the checksum, or leaves no address', async (t) => {
  const header = proxyBinary(V4, { vectors: [AUTHORITY], checksum: true })
  for (let bit = 0; bit < header.length * 8; bit++) {
    const bytes = Buffer.from(header)
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    const parsed = parseProxyHeader(bytes)
    // A length that grew waits for more; the type of the checksum itself is not protected by it.
    const isKnown = parsed.kind === 'complete' && bit >> 3 === header.length - 7
    if (parsed.kind === 'complete' && parsed.source !== undefined && !isKnown) t.fail(`bit ${bit}`)
  }
  t.pass()
})

const address = fc.oneof(fc.ipV4(), fc.ipV6())
const ports = fc.integer({ min: 0, max: 65_535 })

t.test('what is written is read', async () => {
  fc.assert(
    fc.property(
      address,
      ports,
      ports,
      fc.boolean(),
      (source, sourcePort, destinationPort, checksum) => {
        const connection = { source, sourcePort, destinationPort }
        const family = source.includes(':') ? 'ipv6' : 'ipv4'
        const plain = new SocketAddress({ address: source, family }).address.replace(
          /^::ffff:(?=.*\.)/,
          '',
        )
        for (const header of [proxyLine(connection), proxyBinary(connection, { checksum })]) {
          const parsed = parseProxyHeader(header)
          if (parsed.kind !== 'complete' || parsed.length !== header.length) return false
          if (!isSameAddress(parsed.source ?? '', plain)) return false
        }
        return true
      },
    ),
  )
})

/** Node writes `::1.2.3.4` where RFC 5952 allows `::102:304` too. */
function isSameAddress(one: string, other: string): boolean {
  const bytes = (text: string): string => proxyBinary({ source: text }).toString('hex')
  return one.includes(':') === other.includes(':') && bytes(one) === bytes(other)
}

t.test('no bytes at all break it, and it never waits beyond its bounds', async () => {
  const anything = fc
    .tuple(
      fc.constantFrom(
        NOTHING,
        line('PROXY '),
        line('PROXY TCP4 '),
        proxyBinary(V4).subarray(0, 14),
      ),
      fc.uint8Array({ maxLength: 300 }),
    )
    .map(([start, rest]) => Buffer.concat([start, rest]))
  fc.assert(
    fc.property(anything, (bytes) => {
      const parsed = parseProxyHeader(bytes)
      if (parsed.kind === 'complete') return parsed.length <= bytes.length
      if (parsed.kind === 'malformed') return parsed.reason.length > 0
      return parsed.atLeast > bytes.length && parsed.atLeast <= MOST_V2_BYTES
    }),
    { numRuns: 2_000 },
  )
})
