/** The stand-in deployment's echo, plain and over TLS on both sides. */
import t from 'tap'
import { createFrameReader, opcodes, writeFrame } from '../../../src/lab/websocket-frames.ts'
import { startLabProxy } from '../../support/lab-proxy.ts'
import { upgradeRequest } from '../../support/upgrade.ts'

/** A frame as a client must send it: masked, here with a mask of zeros. */
function masked(text: string): Buffer {
  const plain = writeFrame(opcodes.text, Buffer.from(text))
  const head = Buffer.from([plain.readUInt8(0), plain.readUInt8(1) | 0x80, 0, 0, 0, 0])
  return Buffer.concat([head, plain.subarray(2)])
}

for (const over of ['http', 'https'] as const) {
  t.test(`echo over ${over}`, async (t) => {
    const { connect, line } = await startLabProxy(t)
    const client = await connect(over)
    client.send(upgradeRequest('/lab/websocket?push=welcome'))
    const answer = await client.read()
    t.equal(answer.status, 101)
    const reader = createFrameReader()
    const next = async (): Promise<string> => {
      for (;;) {
        const { frames } = reader.push(await client.readBytes())
        const [frame] = frames
        if (frame) return frame.payload.toString()
      }
    }
    t.equal(await next(), 'welcome')
    for (const text of ['one', 'two', 'three']) {
      client.send(masked(text))
      t.equal(await next(), text)
    }
    client.close()
    t.match(await line(({ status }) => status === 101), { outcome: 'done', tls: over === 'https' })
  })

  t.test(`refused over ${over}`, async (t) => {
    const { connect } = await startLabProxy(t)
    const client = await connect(over)
    client.send(upgradeRequest('/lab/websocket?refuse=403'))
    const answer = await client.read()
    t.equal(answer.status, 403)
    t.equal(answer.body.toString(), 'refused as asked\n')
    await client.closed
  })
}
