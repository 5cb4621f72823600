/** What waiting is like at half of what is possible. */
import type { Bench } from '../bench.ts'
import { HOST } from '../files.ts'
import type { OpenLoopResult } from '../load/open-loop.ts'
import { demand, inTurn } from '../measure.ts'
import { median } from '../statistics.ts'
import { targetOf } from './connections.ts'
import type { Row } from './row.ts'

const CONNECTIONS = 64
/** What a request takes without a proxy: the floor under all figures of this row. */
export const NO_PROXY = 'no proxy'

export const halfLoad: Row = {
  name: 'half-load',
  says: `Small GET, TLS to TLS, ${CONNECTIONS} connections. First each peer's maximum with this generator, as fast as answers come; for the quick peers the generator and the back end on the other core are the limit, not they. Then half of this rate, sent whether answers come or not, each request timed from the moment it was meant to be sent (no coordinated omission; requests leave on ticks of 1 ms, so about half a millisecond is the generator's). "${NO_PROXY}" asks the back end itself.`,
  measure: async (bench) => {
    const asked = [
      ...bench.contestants.map(({ name, ports }) => ({ name, port: ports.tls })),
      { name: NO_PROXY, port: bench.backends.tls },
    ]
    const limits = await inTurn(bench, asked, async ({ port }) => {
      const { requests, seconds } = await loop(bench, port, 0)
      return requests / seconds
    })
    const results = new Map<string, OpenLoopResult[]>()
    const p50 = await inTurn(bench, asked, async ({ name, port }, at) => {
      const limit = limits[name]
      const rate = limit && 'rounds' in limit ? median(limit.rounds) / 2 : 0
      demand(rate > 0, 'its maximum is not known')
      const result = await loop(bench, port, rate)
      demand(result.errors === 0, `${result.errors} errors`)
      if (at >= 0) results.set(name, [...(results.get(name) ?? []), result])
      return result.p50
    })
    const p99 = Object.fromEntries(
      Object.entries(p50).map(([name, cell]) => [
        name,
        'rounds' in cell ? { rounds: (results.get(name) ?? []).map((each) => each.p99) } : cell,
      ]),
    )
    const reference = 'nginx'
    return [
      {
        key: 'max-rate',
        title: 'requests a second with this generator',
        unit: 'requests/s',
        reference,
        cells: limits,
      },
      { key: 'half-p50', title: 'half load, p50', unit: 'ms', reference, cells: p50 },
      { key: 'half-p99', title: 'half load, p99', unit: 'ms', reference, cells: p99 },
    ]
  },
}

const loop = (bench: Bench, port: number, rate: number): Promise<OpenLoopResult> =>
  bench.generator.call('openLoop', {
    target: targetOf(bench, port, HOST),
    connections: CONNECTIONS,
    rate,
    ms: bench.options.windowMs,
  })
