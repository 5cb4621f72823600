import t from 'tap'
import { writeClientHello } from '../../../src/preflight/client-hello.ts'
import { createFlightReader, type Flight } from '../../../src/preflight/server-flight.ts'

const number = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

const record = (type: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 3]), number(payload.length, 2), payload])

const message = (type: number, body: Uint8Array): Buffer =>
  Buffer.concat([number(type, 1), number(body.length, 3), body])

const list = (...certificates: readonly Uint8Array[]): Buffer => {
  const entries = Buffer.concat(
    certificates.flatMap((each) => [number(each.length, 3), Buffer.from(each)]),
  )
  return Buffer.concat([number(entries.length, 3), entries])
}

const serverHello = (minor: number): Buffer =>
  message(2, Buffer.from([3, minor, ...Array(34).fill(7)]))
const leaf = Buffer.from('leaf certificate')
const issuer = Buffer.from('issuer certificate')
const certificates = message(11, list(leaf, issuer))
const request = message(13, Buffer.from([1, 1, 0, 0, 0, 0]))
const done = message(14, Buffer.alloc(0))

function readAll(bytes: Uint8Array, size = bytes.length): Flight {
  const read = createFlightReader()
  let flight: Flight = { kind: 'more' }
  for (let at = 0; at < bytes.length && flight.kind === 'more'; at += size)
    flight = read(bytes.subarray(at, at + size))
  return flight
}

t.test('a flight is read, however it is cut into records and pieces', async (t) => {
  const messages = Buffer.concat([serverHello(3), certificates, request, done])
  const whole = record(22, messages)
  const fragments = Buffer.concat([
    record(22, messages.subarray(0, 3)),
    record(22, messages.subarray(3, 50)),
    record(22, messages.subarray(50)),
  ])
  for (const bytes of [whole, fragments]) {
    for (const size of [1, 2, 7, bytes.length]) {
      const flight = readAll(bytes, size)
      t.match(flight, { kind: 'done', version: 'TLS 1.2', asksForCertificate: true })
      if (flight.kind === 'done') t.same(flight.chain, [leaf, issuer])
    }
  }
})

t.test('versions, and servers that want no certificate', async (t) => {
  const flightOf = (minor: number) =>
    readAll(record(22, Buffer.concat([serverHello(minor), certificates, done])))
  t.match(flightOf(0), { version: 'SSL 3.0', asksForCertificate: false })
  t.match(flightOf(1), { version: 'TLS 1.0' })
  t.match(flightOf(2), { version: 'TLS 1.1' })
})

t.test('a fatal alert is an answer, a warning is not', async (t) => {
  t.same(readAll(record(21, Buffer.from([2, 70]))), { kind: 'alert', code: 70 })
  const warned = Buffer.concat([
    record(21, Buffer.from([1, 112])),
    record(22, Buffer.concat([serverHello(3), certificates, done])),
  ])
  t.equal(readAll(warned).kind, 'done')
})

t.test('whatever is no TLS is seen from the first bytes', async (t) => {
  for (const text of [
    'SIP/2.0 400 Bad Request\r\n',
    'HTTP/1.1 400 Bad Request\r\n',
    '220 mail\r\n',
    '\0',
  ])
    t.same(readAll(Buffer.from(text), 1), { kind: 'not-tls' }, text)
  t.same(readAll(Buffer.from([22, 9, 9, 0, 1, 0])), { kind: 'not-tls' })
})

t.test(
  'limits hold: too many bytes, records and messages that are too long, broken lists',
  async (t) => {
    const endless = createFlightReader()
    const filler = record(22, message(22, Buffer.alloc(16_000)))
    let flight: Flight = { kind: 'more' }
    let pieces = 0
    while (flight.kind === 'more' && pieces < 100) {
      flight = endless(filler)
      pieces += 1
    }
    t.equal(flight.kind, 'broken')
    t.ok(pieces <= 9, `${pieces} pieces of 16 KB`)
    t.equal(readAll(record(22, Buffer.alloc(19_000))).kind, 'broken')
    t.equal(readAll(record(22, Buffer.from([11, 0xff, 0xff, 0xff]))).kind, 'broken')
    const wrong = [
      Buffer.from([0, 0]),
      Buffer.from([0, 0, 9, 1]),
      Buffer.from([0, 0, 4, 0, 0, 9, 1]),
      Buffer.from([0, 0, 2, 0, 0]),
    ]
    for (const body of wrong) t.equal(readAll(record(22, message(11, body))).kind, 'broken')
    const many = readAll(
      record(22, Buffer.concat([serverHello(3), message(11, list(...Array(50).fill(leaf))), done])),
    )
    t.ok(many.kind === 'done' && many.chain.length === 10)
  },
)

t.test('the greeting names the server only when there is a name', async (t) => {
  const random = Buffer.alloc(32, 5)
  const named = writeClientHello('sip.contoso.com', random)
  const bare = writeClientHello(undefined, random)
  t.ok(named.includes('sip.contoso.com'))
  t.equal(named.length - bare.length, 'sip.contoso.com'.length + 9)
  for (const hello of [named, bare]) {
    t.equal(hello.readUInt16BE(3), hello.length - 5)
    t.equal(hello.readUIntBE(6, 3), hello.length - 9)
  }
})
