/** The name in a ClientHello, as real clients send it and as hostile ones might. */
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { readClientHello } from '../../../src/listeners/client-hello.ts'

/** What a client of Node's own sends first. */
function helloOf(servername: string | undefined, more: object = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (bytes: Buffer) => {
        resolve(bytes)
        socket.destroy()
        server.close()
      })
    })
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      const name = servername === undefined ? {} : { servername }
      connect({ port, host: '127.0.0.1', ...name, ...more }).on('error', () => {})
    })
  })
}

const NAME = 'phones.contoso.com'
let hello: Buffer = Buffer.alloc(0)

t.before(async () => {
  hello = await helloOf(NAME)
})

/** The same message in records of a few bytes each (RFC 8446 5.1). */
function inRecords(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part)
  }
  return Buffer.concat(records)
}

t.test('the name, in any version and however the records are cut', async (t) => {
  t.match(readClientHello(hello), { serverName: NAME })
  const old = await helloOf(NAME, {
    maxVersion: 'TLSv1',
    minVersion: 'TLSv1',
    ciphers: 'ALL:@SECLEVEL=0',
  })
  t.match(readClientHello(old), { serverName: NAME })
  for (const size of [1, 2, 3, 5, 100])
    t.match(readClientHello(inRecords(hello, size)), { serverName: NAME })
  t.match(readClientHello(Buffer.concat([hello, Buffer.from('more')])), { serverName: NAME })
})

t.test('no name', async (t) => {
  t.match(readClientHello(await helloOf(undefined)), { serverName: '' })
})

t.test('whether an ECDSA certificate can be used', async (t) => {
  t.match(readClientHello(hello), { takesEcdsa: true })
  const takes = async (more: object): Promise<unknown> => {
    const read = readClientHello(await helloOf(NAME, more))
    return read !== 'incomplete' && read.takesEcdsa
  }
  const upTo12 = { maxVersion: 'TLSv1.2' }
  t.equal(await takes({ sigalgs: 'RSA-PSS+SHA256' }), false)
  t.equal(await takes({ sigalgs: 'ECDSA+SHA256:RSA-PSS+SHA256' }), true)
  t.equal(await takes({ ...upTo12, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), false)
  t.equal(await takes({ ...upTo12, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }), true)
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }
  t.equal(await takes(old), false, 'clients that are too old to say')
})

t.test('every beginning is incomplete and nothing else', async (t) => {
  for (let length = 0; length < hello.length; length++)
    t.equal(readClientHello(hello.subarray(0, length)), 'incomplete', `${length} bytes`)
})

t.test('what is no ClientHello is decided at once', async (t) => {
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n'),
    Buffer.from([0x80, 0x2e, 1, 0, 2]), // SSL 2
    Buffer.from([22, 3, 1, 0, 0, 22]), // an empty record
    Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]), // a ServerHello
    Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]), // 16 MiB announced
    Buffer.from([21, 3, 1, 0, 2, 2, 70]), // an alert
  ])
    t.match(readClientHello(bytes), { serverName: '' }, bytes.toString('hex'))
})

t.test('any bytes, and any damage to real ones, give a value', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const body = Buffer.from(bytes)
      const head = Buffer.from([22, 3, 1, 0, body.length & 0xff])
      for (const each of [body, Buffer.concat([head, body])]) {
        const read = readClientHello(each)
        if (read !== 'incomplete' && typeof read.serverName !== 'string') return false
      }
      return true
    }),
  )
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
      const damaged = Buffer.from(hello)
      damaged[at] = value
      const read = readClientHello(damaged)
      return read === 'incomplete' || typeof read.serverName === 'string'
    }),
  )
  t.pass()
})
