import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { connectRaw, type RawClient } from '../../../src/lab/raw-client.ts'
import { createFrameReader, opcodes, writeFrame } from '../../../src/lab/websocket-frames.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01] = lab.pool
const tls = { ca: lab.authority.certificatePem, serverName: 'fe01.contoso.local' }
const mask = Buffer.from([9, 8, 7, 6])
const upgrade = [
  'Host: lyncweb.contoso.com',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

async function open(query = '') {
  const client = await connectRaw({ port: fe01.httpsPort, tls })
  const response = await client.request(`GET /lab/websocket${query}`, upgrade)
  return { client, response }
}

async function readFrames(client: RawClient, count: number) {
  const reader = createFrameReader()
  const frames = []
  while (frames.length < count) frames.push(...reader.push(await client.readBytes()).frames)
  return frames
}

t.test('a message comes back, fragments as fragments, and a ping is answered', async (t) => {
  const { client, response } = await open()
  t.equal(response.status, 101)
  t.equal(response.header('Sec-WebSocket-Accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  t.equal(response.header('X-Lab-Server'), 'fe01')
  const sent = [
    { opcode: opcodes.text, payload: Buffer.from('grüß'), isFinal: false },
    { opcode: opcodes.ping, payload: Buffer.from('now'), isFinal: true },
    { opcode: opcodes.continuation, payload: Buffer.from(' dich'), isFinal: true },
    { opcode: opcodes.binary, payload: Buffer.alloc(100_000, 7), isFinal: true },
  ]
  for (const { opcode, payload, isFinal } of sent) {
    client.send(writeFrame(opcode, payload, { isFinal, mask }))
  }
  const frames = await readFrames(client, sent.length)
  for (const [index, frame] of frames.entries()) {
    const expected = sent[index]
    t.equal(frame.opcode, expected?.opcode === opcodes.ping ? opcodes.pong : expected?.opcode)
    t.equal(frame.isFinal, expected?.isFinal)
    t.same(frame.payload, expected?.payload)
    t.notOk(frame.wasMasked)
  }
  client.send(writeFrame(opcodes.close, Buffer.from([3, 232]), { mask }))
  const [close] = await readFrames(client, 1)
  t.match(close, { opcode: opcodes.close, payload: Buffer.from([3, 232]) })
  await client.closed
  t.match(fe01.records.at(-1), { status: 101, outcome: 'answered' })
})

t.test('a frame can come glued to the 101, and one glued to the request is read', async (t) => {
  const { client } = await open('?push=welcome')
  t.equal((await readFrames(client, 1))[0]?.payload.toString(), 'welcome')
  client.close()

  const eager = await connectRaw({ port: fe01.httpPort })
  t.teardown(() => eager.close())
  const head = `GET /lab/websocket HTTP/1.1\r\n${upgrade.join('\r\n')}\r\n\r\n`
  eager.send(
    Buffer.concat([Buffer.from(head), writeFrame(opcodes.text, Buffer.from('eager'), { mask })]),
  )
  t.equal((await eager.read()).status, 101)
  t.equal((await readFrames(eager, 1))[0]?.payload.toString(), 'eager')
})

t.test('the upgrade can be refused, with an ordinary answer', async (t) => {
  const { client, response } = await open('?refuse=403')
  t.equal(response.status, 403)
  t.equal(response.body.toString(), 'refused as asked\n')
  await client.closed
  const other = await connectRaw({ port: fe01.httpPort })
  t.equal((await other.request('GET /lab/websocket', upgrade.slice(0, 3))).status, 400, 'no key')
  await other.closed
})

t.test('without an upgrade the path asks for one', async (t) => {
  const client = await connectRaw({ port: fe01.httpPort })
  t.teardown(() => client.close())
  const response = await client.request('GET /lab/websocket', upgrade.slice(0, 1))
  t.equal(response.status, 426)
})

t.test('an unmasked frame ends it with 1002, and it can be made to close at once', async (t) => {
  const { client } = await open()
  client.send(writeFrame(opcodes.text, Buffer.from('bare')))
  t.same((await readFrames(client, 1))[0]?.payload, Buffer.from([3, 234]))
  await client.closed
  const { client: closing } = await open('?close=1001')
  t.same((await readFrames(closing, 1))[0]?.payload, Buffer.from([3, 233]))
  closing.close()
})

t.test('a client that leaves without a close frame is recorded', async (t) => {
  const { client } = await open('?leaver')
  client.close()
  const record = await fe01.waitFor(
    ({ target, outcome }) => target.endsWith('?leaver') && outcome !== 'pending',
  )
  t.equal(record.outcome, 'client-left')
})
