import t from 'tap'
import { ClearHandshake } from '../../../src/streams/clear-handshake.ts'
import { readClientHello } from '../../../src/streams/client-hello.ts'
import { fc } from '../../support/property.ts'
import {
  alpnExtension,
  extension,
  helloBody,
  realHello,
  serverNameExtension,
} from '../../support/tls-bytes.ts'

const nameOf = (name: string) => readClientHello(helloBody(serverNameExtension(name)))?.serverName

t.test('name and protocols', async (t) => {
  const body = helloBody(
    extension(10, Buffer.from([0, 2, 0, 29])),
    serverNameExtension('SIP.Contoso.com.'),
    alpnExtension(['sip', 'http/1.1']),
  )
  t.same(readClientHello(body), { serverName: 'sip.contoso.com', protocols: ['sip', 'http/1.1'] })
})

t.test('neither of them', async (t) => {
  t.same(readClientHello(helloBody()), { serverName: undefined, protocols: [] })
  const withoutExtensions = helloBody().subarray(0, -2)
  t.same(readClientHello(withoutExtensions), { serverName: undefined, protocols: [] })
})

t.test('what cannot be a name is none', async (t) => {
  for (const name of [
    '',
    '.',
    'a..b',
    'a b',
    'a\0b',
    'a\nb',
    'ä.contoso.com',
    'a/b',
    '*.a',
    `${'a'.repeat(64)}.b`,
  ])
    t.equal(nameOf(name), undefined, JSON.stringify(name))
  t.equal(nameOf('_sip-1.contoso.com'), '_sip-1.contoso.com')
})

t.test('a name of another type is none', async (t) => {
  const list = Buffer.from([0, 5, 1, 0, 2, 97, 98])
  t.same(readClientHello(helloBody(extension(0, list)))?.serverName, undefined)
})

t.test('thousands of protocols are not kept', async (t) => {
  const many = helloBody(alpnExtension(new Array<string>(5_000).fill('x')))
  t.equal(readClientHello(many)?.protocols.length, 100)
})

t.test('every cut is noticed, and none throws', async (t) => {
  const whole = helloBody(serverNameExtension('a.contoso.com'), alpnExtension(['sip']))
  const withoutExtensions = helloBody().length - 2
  for (let length = 0; length < whole.length; length++) {
    const cut = readClientHello(whole.subarray(0, length))
    if (length === withoutExtensions) t.same(cut, { serverName: undefined, protocols: [] })
    else t.equal(cut, undefined, `${length} bytes`)
  }
})

t.test('any bytes give an answer', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readClientHello(Buffer.from(bytes))
      readClientHello(helloBody(Buffer.from(bytes)))
      readClientHello(helloBody(extension(0, Buffer.from(bytes))))
      readClientHello(helloBody(extension(16, Buffer.from(bytes))))
    }),
    { numRuns: 2_000 },
  )
  t.pass('none threw')
})

t.test('one changed byte never breaks it', async (t) => {
  const whole = helloBody(serverNameExtension('a.contoso.com'), alpnExtension(['sip']))
  for (let at = 0; at < whole.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = Buffer.from(whole)
      changed[at] = value
      const hello = readClientHello(changed)
      if (hello?.serverName !== undefined) t.match(hello.serverName, /^[a-z0-9_.-]+$/)
    }
  }
})

t.test("Node's own hello, in pieces of every size", async (t) => {
  const bytes = await realHello({ servername: 'sip.contoso.com', ALPNProtocols: ['sip'] })
  for (const size of [1, 2, 3, 5, 7, 100, bytes.length]) {
    const clear = new ClearHandshake()
    for (let at = 0; at < bytes.length; at += size)
      clear.onChunk('client', bytes.subarray(at, at + size))
    t.same(clear.hello, { serverName: 'sip.contoso.com', protocols: ['sip'] }, `${size} bytes each`)
  }
})
