import t from 'tap'
import {
  acceptKey,
  createFrameReader,
  maxFrameBytes,
  opcodes,
  writeFrame,
} from '../../../src/lab/websocket-frames.ts'

t.test('the accept key is that of RFC 6455, 1.3', async (t) => {
  t.equal(acceptKey('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

t.test('frames are those of RFC 6455, 5.7', async (t) => {
  const hello = Buffer.from('Hello')
  t.equal(writeFrame(opcodes.text, hello).toString('hex'), '810548656c6c6f')
  const mask = Buffer.from('37fa213d', 'hex')
  t.equal(writeFrame(opcodes.text, hello, { mask }).toString('hex'), '818537fa213d7f9f4d5158')
  const first = writeFrame(opcodes.text, Buffer.from('Hel'), { isFinal: false })
  t.equal(first.toString('hex'), '010348656c')
})

t.test('what is written can be read, byte by byte, at every kind of length', async (t) => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = Buffer.alloc(length, 'x')
    const bytes = writeFrame(opcodes.binary, payload, { mask: Buffer.from([1, 2, 3, 4]) })
    const reader = createFrameReader()
    for (const byte of bytes.subarray(0, 14))
      t.same(reader.push(Buffer.of(byte)).frames.length <= 1, true)
    const rest = bytes.subarray(14)
    const { frames } = length < 9 ? createFrameReader().push(bytes) : reader.push(rest)
    t.equal(frames.length, 1, `${length} bytes`)
    t.ok(frames[0]?.payload.equals(payload))
    t.match(frames[0], { isFinal: true, opcode: opcodes.binary, wasMasked: true })
  }
})

for (const [name, hex, violation] of [
  ['a reserved bit', 'c100', 1002],
  ['an unknown type', '8300', 1002],
  ['a fragmented ping', '0900', 1002],
  ['a ping of 126 bytes', '897e007e', 1002],
  ['a frame that is too large', `827f${(maxFrameBytes + 1).toString(16).padStart(16, '0')}`, 1009],
] as const) {
  t.test(`${name} is a violation`, async (t) => {
    t.equal(createFrameReader().push(Buffer.from(hex, 'hex')).violation, violation)
  })
}
