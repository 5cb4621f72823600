import { once } from 'node:events'
import t from 'tap'
import { RunningTraces } from '../../../src/admin/running-traces.ts'
import { readTraceQuery } from '../../../src/admin/trace-routes.ts'
import { traceLimits } from '../../../src/trace/trace-request.ts'
import type { TraceSink } from '../../../src/trace/traces.ts'
import { collectLog } from '../../support/collected-log.ts'

const wanted = {
  client: '192.0.2.0/24',
  host: undefined,
  rule: undefined,
  bodies: false,
  forMs: 60_000,
  maxExchanges: 2,
  maxBytes: 1_000,
}

function make() {
  const log = collectLog('info')
  const own: { sink: TraceSink; ended: number } = { sink: () => {}, ended: 0 }
  const traces = new RunningTraces({
    logger: log.logger,
    now: () => new Date(),
    runtime: {
      trace: async (_request, sink) => {
        own.sink = sink
        return async () => {
          own.ended++
        }
      },
    },
  })
  return { traces, own, log }
}

/** The lines of the answer, when it has ended. */
async function read(stream: AsyncIterable<Buffer>): Promise<readonly Record<string, unknown>[]> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

t.test('it ends with as many exchanges, or bytes, as it may have', async (t) => {
  const { traces, own } = make()
  const few = traces.start(wanted, '127.0.0.1')
  await once(few, 'readable')
  for (let i = 0; i < 5; i++) own.sink(['{"n":1}', '{"n":2}'])
  const lines = await read(few)
  t.match(lines[0], { kind: 'begin', client: '192.0.2.0/24' })
  t.match(lines[1], { kind: 'exchange', entries: [{ n: 1 }, { n: 2 }] })
  t.match(lines.at(-1), { kind: 'end', why: 'exchanges', exchanges: 2 })
  const small = traces.start(wanted, '127.0.0.1')
  await once(small, 'readable')
  own.sink([JSON.stringify('x'.repeat(2_000))])
  t.match((await read(small)).at(-1), { kind: 'end', why: 'bytes', exchanges: 0 })
  t.equal(own.ended, 2)
})

t.test('it ends by time, by command, and with whoever asked', async (t) => {
  const { traces, log, own } = make()
  t.match((await read(traces.start({ ...wanted, forMs: 20 }, 'x'))).at(-1), { why: 'time' })
  const stopped = traces.start(wanted, 'x')
  const { trace } = (await log.line(
    (line) => line.msg === 'trace begins' && (line as { forMs?: number }).forMs === 60_000,
  )) as unknown as { trace: string }
  t.equal(traces.stop('another'), false)
  t.equal(traces.stop(trace), true)
  t.match((await read(stopped)).at(-1), { why: 'command' })
  traces.start(wanted, 'x').destroy()
  await log.line((line) => (line as { why?: string }).why === 'gone')
  t.equal(own.ended, 3)
})

t.test('what is not read is not held without end', async (t) => {
  const { traces, own } = make()
  const stream = traces.start({ ...wanted, maxExchanges: 10_000, maxBytes: 2 ** 30 }, 'x')
  await once(stream, 'readable')
  const text = JSON.stringify('x'.repeat(1_000_000))
  for (let i = 0; i < 50; i++) own.sink([text])
  t.ok(stream.readableLength < 20 * 2 ** 20, String(stream.readableLength))
  stream.destroy()
})

t.test('few at a time', async (t) => {
  const { traces } = make()
  const streams = Array.from({ length: traceLimits.traces }, () => traces.start(wanted, 'x'))
  t.equal(traces.isFull, true)
  for (const stream of streams) stream.destroy()
  while (traces.isFull) await new Promise((resolve) => setImmediate(resolve))
  t.pass('there is room again')
})

t.test('queries', async (t) => {
  const good = readTraceQuery({
    client: '::ffff:192.0.2.7',
    host: 'LyncWeb.contoso.com',
    bodies: 'on',
  })
  t.match(good, {
    ok: true,
    value: { client: '192.0.2.7/32', host: 'lyncweb.contoso.com', bodies: true, forMs: 600_000 },
  })
  const bad: readonly Record<string, unknown>[] = [
    {},
    { client: 'alice' },
    { client: ['192.0.2.7', '192.0.2.8'] },
    { client: '192.0.2.7', for: '9h' },
    { client: '192.0.2.7', for: '10ms' },
    { client: '192.0.2.7', for: 'ten' },
    { client: '192.0.2.7', exchanges: '0' },
    { client: '192.0.2.7', exchanges: '10001' },
    { client: '192.0.2.7', bytes: '1e3' },
    { client: '192.0.2.7', bodies: 'yes' },
    { client: '192.0.2.7', rule: 'x'.repeat(301) },
    { client: '192.0.2.7', clients: 'x' },
  ]
  for (const query of bad)
    t.match(
      readTraceQuery(query),
      { ok: false, error: { code: 'bad-request' } },
      JSON.stringify(query).slice(0, 80),
    )
})
