/** What a second worker adds to the CPU of a request. */
import { openSockets, processTree } from '../processes.ts'
import type { Cell } from '../results.ts'
import { joinedByName, type Turn, type Turns, takeTurns } from '../turns.ts'
import { inMicroseconds, type Row, SMALL_CONNECTIONS, WARM_REQUESTS } from './row.ts'
import { smallTurn, smallTurns } from './small.ts'
import { closing, variant } from './variants.ts'

/** Then connections are opened anew: the kernel deals them out by a hash, and an uneven hand costs more CPU for each request. */
const ROUNDS_OF_A_HAND = 3
/** Of the connections of another hand: programs are warm by then. */
const WARM_HAND = { count: SMALL_CONNECTIONS * WARM_REQUESTS, ms: 1_000 }
const NAMES = ['one worker', 'two workers'] as const

export const workers: Row = {
  name: 'workers',
  says: `Small GET, TLS to TLS, ${SMALL_CONNECTIONS} connections, with one worker and with two, all of them on one core. Two cores hold the load as well as the proxy here, so throughput on the wall clock would say nothing. What can be said is what a second worker adds to the CPU per request; with a core for each, throughput is at most 2 times the ratio of the two figures. Contention between cores is not in it, and uneven shares take something off: the share of the connections that the busier worker has stands beside it. The kernel deals them out by a hash, so it nears 50 % with their number; of these few all are opened anew every ${ROUNDS_OF_A_HAND} rounds.`,
  measure: async (bench) => {
    const one = await variant(bench, NAMES[0], { workers: 1 })
    const two = await variant(bench, NAMES[1], { workers: 2 })
    const shapes = [one, two]
    const shares: number[] = []
    const hands: Record<string, Cell>[] = []
    return closing(shapes, async () => {
      while (hands.length < bench.options.smallRounds / ROUNDS_OF_A_HAND) {
        const before = socketsOfWorkers(two.running.pid)
        const turns = shapes.map((shape, at): Turn => {
          const turn = smallTurn(bench, { shape, isTls: true })
          const { count, ms } = hands.length === 0 ? turn.warmUp : WARM_HAND
          // What is compiled while it runs must be compiled in both of two.
          return { ...turn, warmUp: { count: count * (at + 1), ms: ms * (at + 1) } }
        })
        const hand: Turns = {
          ...smallTurns(bench, turns),
          rounds: ROUNDS_OF_A_HAND,
          onOpen: () => {
            shares.push(largestShare(before, socketsOfWorkers(two.running.pid)))
          },
        }
        hands.push(await takeTurns(bench, hand))
      }
      const cells = inMicroseconds(joinedByName(NAMES, hands))
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
