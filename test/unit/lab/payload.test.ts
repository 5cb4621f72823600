import { createHash } from 'node:crypto'
import t from 'tap'
import { payloadChunks, payloadSha256, payloadStream } from '../../../src/lab/payload.ts'

const whole = Buffer.concat([...payloadChunks(0, 300_000)])

t.test('every part is a part of the whole', async (t) => {
  for (const [start, end] of [
    [0, 0],
    [0, 1],
    [15, 17],
    [16, 32],
    [65_535, 65_537],
    [12_345, 299_999],
  ] as const) {
    const part = Buffer.concat([...payloadChunks(start, end)])
    t.ok(part.equals(whole.subarray(start, end)), `${start}-${end}`)
  }
})

t.test('it does not repeat', async (t) => {
  t.equal(whole.indexOf(whole.subarray(0, 16), 1), -1)
})

t.test('stream and digest agree', async (t) => {
  const hash = createHash('sha256')
  for await (const chunk of payloadStream(7, 200_000)) hash.update(chunk)
  t.equal(hash.digest('hex'), payloadSha256(7, 200_000))
})
