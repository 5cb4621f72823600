import t from 'tap'
import { openDns } from '../../../src/preflight/dns.ts'
import { startOddDns } from '../../support/dns-server.ts'

/** An answer with SRV records whose targets are these labels, raw. */
function srvAnswer(question: Buffer, targets: readonly (readonly Buffer[])[]): Buffer {
  const header = Buffer.from(question.subarray(0, 12))
  header.writeUInt16BE(0x8580, 2)
  header.writeUInt16BE(targets.length, 6)
  header.writeUInt16BE(0, 8)
  header.writeUInt16BE(0, 10)
  let end = 12
  while (question[end] !== 0) end += (question[end] ?? 0) + 1
  const records = targets.map((labels) => {
    const name = Buffer.concat([
      ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
      Buffer.from([0]),
    ])
    const head = Buffer.from([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, name.length + 6])
    return Buffer.concat([head, Buffer.from([0, 0, 0, 0, 0x13, 0xc5]), name])
  })
  return Buffer.concat([header, question.subarray(12, end + 5), ...records])
}

const open = (server: string, timeoutMs = 2_000) => openDns({ servers: [server], timeoutMs })

t.test('a server that says nothing is a failure with its reason, not an exception', async (t) => {
  const silent = await startOddDns(t, () => undefined)
  t.same(await open(silent, 100).srv('_sip._tls.contoso.com'), {
    status: 'failed',
    reason: 'ETIMEOUT',
  })
  const garbage = await startOddDns(t, (question) =>
    Buffer.concat([question.subarray(0, 2), Buffer.alloc(10, 0xff)]),
  )
  t.match(await open(garbage, 100).addresses('sip.contoso.com'), { status: 'failed' })
})

t.test('names with control characters never come through as they are', async (t) => {
  const hostile = await startOddDns(t, (question) =>
    srvAnswer(question, [[Buffer.from('a\u001b[2J\u0000'), Buffer.from('example')]]),
  )
  const answer = await open(hostile).srv('_sip._tls.contoso.com')
  const shown = answer.status === 'found' ? answer.records.map(({ target }) => target).join() : ''
  t.notMatch(shown, /\p{Cc}/u)
  t.not(answer.status, 'none')
})

t.test('of very many records a few are used, and all counted', async (t) => {
  const many = await startOddDns(t, (question) =>
    srvAnswer(
      question,
      Array.from({ length: 40 }, (_, index) => [Buffer.from(`h${index}`)]),
    ),
  )
  const answer = await open(many).srv('_sip._tls.contoso.com')
  t.match(answer, { status: 'found', total: 40 })
  t.equal(answer.status === 'found' && answer.records.length, 6)
})

t.test('a server must be an address', async (t) => {
  t.throws(() => openDns({ servers: ['dns.contoso.com'], timeoutMs: 100 }), { name: 'TypeError' })
})
