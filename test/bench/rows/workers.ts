/** What a second worker adds to the CPU of a request. */
import { openSockets, processTree } from '../processes.ts'
import { takeTurns } from '../turns.ts'
import { MANY_ROUNDS, type Row, SMALL_CONNECTIONS, WARM_REQUESTS } from './row.ts'
import { closing, variant } from './variants.ts'

/** Of each worker, before the first round: what is compiled while it runs must be compiled in both of two, too. */
const WARM_UP = { full: 20_000, quick: 4_000 }
/** Then connections are opened anew: the kernel deals them out by a hash, and an uneven hand costs more CPU for each request. */
const ROUNDS_OF_A_HAND = 3
const NAMES = ['one worker', 'two workers'] as const

export const workers: Row = {
  name: 'workers',
  says: `Small GET, TLS to TLS, ${SMALL_CONNECTIONS} connections, with one worker and with two, all of them on one core. Two cores hold the load as well as the proxy here, so throughput on the wall clock would say nothing. What can be said is what a second worker adds to the CPU per request; with a core for each, throughput is at most 2 times the ratio of the two figures. Both are loaded in turn, a quarter of a second each, over connections that stay; each worker has had ${WARM_UP.full.toLocaleString('en-US')} requests before. Contention between cores is not in it, and uneven shares take something off: the share of the connections that the busier worker has stands beside it. The kernel deals them out by a hash, so it nears 50 % with their number; of these few all are opened anew every ${ROUNDS_OF_A_HAND} rounds. ${MANY_ROUNDS}`,
  measure: async (bench) => {
    const { isQuick, manyRounds } = bench.options
    const one = await variant(bench, NAMES[0], { workers: 1 })
    const two = await variant(bench, NAMES[1], { workers: 2 })
    const shapes = [one, two]
    const shares: number[] = []
    const figures: (readonly number[])[] = []
    return closing(shapes, async () => {
      while (figures.length < manyRounds) {
        const before = socketsOfWorkers(two.running.pid)
        const warm = isQuick ? WARM_UP.quick : WARM_UP.full
        const each = figures.length === 0 ? warm : SMALL_CONNECTIONS * WARM_REQUESTS
        const turns = shapes.map((shape, at) => ({
          shape,
          connections: SMALL_CONNECTIONS,
          warmCount: each * (at + 1),
        }))
        const onOpen = (): void => {
          shares.push(largestShare(before, socketsOfWorkers(two.running.pid)))
        }
        figures.push(...(await takeTurns(bench, turns, ROUNDS_OF_A_HAND, onOpen)))
      }
      const cells = Object.fromEntries(
        NAMES.map((name, at) => [name, { rounds: figures.map((round) => round[at] as number) }]),
      )
      const both = { reference: NAMES[0] } as const
      return [
        { key: 'workers', title: 'workers on one core', unit: 'us', ...both, cells },
        {
          key: 'workers-share',
          title: 'connections of the busier worker',
          unit: '%',
          ...both,
          cells: { [NAMES[1]]: { rounds: shares } },
        },
      ]
    })
  },
}

/** Open sockets of each worker. Not its CPU time: of a core that is always full the scheduler gives each half, whatever it has to do. */
const socketsOfWorkers = (primary: number): readonly number[] =>
  processTree(primary).slice(1).map(openSockets)

/** A client connection is two sockets, one to the client and one to the server, in whichever worker. */
function largestShare(before: readonly number[], then: readonly number[]): number {
  const more = then.map((sockets, at) => sockets - (before[at] ?? 0))
  return (Math.max(...more) / more.reduce((sum, each) => sum + each, 0)) * 100
}
