import t from 'tap'
import { HandshakeReader } from '../../../src/streams/handshake-reader.ts'
import { fc } from '../../support/property.ts'
import { message, record, records } from '../../support/tls-bytes.ts'

const reader = (settings = {}) =>
  new HandshakeReader({ types: new Set([1, 11]), maxMessage: 1_000, maxBytes: 10_000, ...settings })

/** Pushes bytes in pieces of these sizes, over and over. */
function read(own: HandshakeReader, bytes: Buffer, sizes: readonly number[] = [bytes.length]) {
  const found = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] || 1
    found.push(...own.push(bytes.subarray(at, at + size)))
    at += size
  }
  return found.map(({ type, body }) => [type, body.toString('latin1')])
}

const one = message(1, Buffer.from('hello'))
const two = message(2, Buffer.from('passed over'))
const three = message(11, Buffer.from('certificate'))
const all = [
  [1, 'hello'],
  [11, 'certificate'],
]

t.test('messages are found however records and chunks are cut', async (t) => {
  const bytes = Buffer.concat([one, two, three])
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
      (recordSize, sizes) => {
        const found = read(reader(), records(bytes, recordSize), sizes)
        return JSON.stringify(found) === JSON.stringify(all)
      },
    ),
  )
  t.pass('always')
})

t.test('an empty message between others', async (t) => {
  const bytes = records(
    Buffer.concat([one, message(14, Buffer.alloc(0)), message(1, Buffer.alloc(0)), three]),
  )
  t.same(read(reader(), bytes), [
    [1, 'hello'],
    [1, ''],
    [11, 'certificate'],
  ])
})

t.test('what is encrypted or no TLS ends it at once', async (t) => {
  for (const bytes of [
    record(23, Buffer.from('data')),
    record(20, Buffer.from([1])),
    record(21, Buffer.from([2, 40])),
    Buffer.from('GET / HTTP/1.1\r\n'),
    Buffer.from('\x16GET'),
    Buffer.from([22, 3, 1, 0, 0]),
    Buffer.from([22, 3, 1, 0x40, 0x01]),
  ]) {
    const own = reader()
    t.same(own.push(bytes), [])
    t.ok(own.isOver)
    t.same(own.push(records(one)), [], 'for good')
  }
})

t.test('the first byte alone tells who speaks no TLS', async (t) => {
  const own = reader()
  own.push(Buffer.from('O'))
  t.ok(own.isOver)
})

t.test('what comes before the end is still found', async (t) => {
  const own = reader()
  t.same(read(own, Buffer.concat([records(one), record(20, Buffer.from([1])), records(three)])), [
    [1, 'hello'],
  ])
  t.ok(own.isOver)
})

t.test('a long message is passed over', async (t) => {
  const long = message(11, Buffer.alloc(1_001))
  t.same(read(reader(), records(Buffer.concat([long, one]))), [[1, 'hello']])
})

t.test('there is an end to looking', async (t) => {
  const own = reader({ maxBytes: 90 })
  read(own, records(message(2, Buffer.alloc(60)), 10))
  t.ok(own.isOver)
})

t.test('any bytes give an answer', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
      const own = reader()
      own.push(Buffer.from([22, 3, 1, 0, 30]))
      for (const chunk of chunks) own.push(Buffer.from(chunk))
    }),
    { numRuns: 2_000 },
  )
  t.pass('none threw')
})
