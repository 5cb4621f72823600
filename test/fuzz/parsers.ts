/** Parsers of single messages from outside: whatever the bytes are, they return, and do not throw. */
import { readClientHello as readListenersHello } from '../../src/listeners/client-hello.ts'
import { parseProxyHeader } from '../../src/listeners/parse-proxy-header.ts'
import { ntlmMessageType, readAuthenticate, readChallenge } from '../../src/ntlm/ntlm-message.ts'
import { canonicalPath } from '../../src/policy/canonical-path.ts'
import { readAffinityCookie } from '../../src/pools/affinity-cookie.ts'
import { readHost } from '../../src/routing/host.ts'
import { readCertificateNames } from '../../src/streams/certificate-names.ts'
import { readClientHello as readStreamsHello } from '../../src/streams/client-hello.ts'
import { fc } from '../support/property.ts'
import { proxyBinary, proxyLine } from '../support/proxy-header.ts'
import { realHello } from '../support/tls-bytes.ts'

const parsers: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  'NTLM, type': ntlmMessageType,
  'NTLM, challenge': readChallenge,
  'NTLM, authenticate': readAuthenticate,
  'PROXY header': parseProxyHeader,
  'ClientHello of a listener': readListenersHello,
  'ClientHello of a stream': readStreamsHello,
  'names of certificates': readCertificateNames,
  host: (bytes) => readHost(bytes.toString('latin1')),
  'affinity cookie': (bytes) => readAffinityCookie(bytes.toString('latin1')),
  'path of a target': (bytes) => canonicalPath(`/${bytes.toString('latin1')}`),
}

const NTLM = Buffer.from('NTLMSSP\0', 'latin1')
const hello = await realHello({ servername: 'lyncweb.contoso.com' })
const V4 = { source: '198.51.100.7' }

/** Good ones to begin with. */
const seeds = [
  hello,
  hello.subarray(9),
  proxyLine(V4),
  proxyBinary(V4),
  Buffer.concat([NTLM, Buffer.from([1, 0, 0, 0]), Buffer.alloc(28)]),
  Buffer.concat([NTLM, Buffer.from([2, 0, 0, 0, 8, 0, 8, 0, 56, 0, 0, 0]), Buffer.alloc(48, 1)]),
  Buffer.concat([NTLM, Buffer.from([3, 0, 0, 0]), Buffer.alloc(76, 4)]),
  Buffer.from('lyncweb.contoso.com:443', 'latin1'),
  Buffer.from('a=b; MS-WSMAN="x\\"y"; c', 'latin1'),
  Buffer.from('meet/%252e%2e/..;/%u0041%c0%af?a#b', 'latin1'),
]

const change = fc.tuple(fc.nat(4000), fc.nat(8), fc.uint8Array({ maxLength: 8 }))

export const messages: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 4 }))
      .map(([seed, changes]) =>
        changes.reduce((bytes, [at, dropped, put]) => {
          const place = at % (bytes.length + 1)
          return Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + dropped)])
        }, seed),
      ),
  },
)

/** @returns which parser threw what; undefined: none */
export function runParsers(bytes: Buffer): string | undefined {
  for (const [name, parse] of Object.entries(parsers)) {
    try {
      parse(bytes)
    } catch (error) {
      return `${name}: ${String(error)}`
    }
  }
  return undefined
}
