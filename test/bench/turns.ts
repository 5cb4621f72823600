/**
 * Loads that take turns every quarter of a second, over connections that stay open while their wrk is held. What disturbs the
 * machine for longer than a turn hits all alike; windows of a second, each with a load of its own, are two seconds apart.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Contestant } from './bench.ts'
import { HOST } from './files.ts'
import { startWrk } from './load/wrk.ts'
import { demand, measure, untilCounted } from './measure.ts'

const TURN_MS = 250
/** After a load is let go, before anything counts. */
const SETTLE_MS = 60
/** After a load is held: what is still on its way is answered. */
const DRAIN_MS = 30
/** A load has to end by itself some time, whatever happens to the benchmark. */
const MOST_SECONDS = 600

export interface Turn {
  readonly shape: Contestant
  readonly connections: number
  /** Requests before the first turn. */
  readonly warmCount: number
}

/**
 * Small requests by TLS. Microseconds for each, by round and in the order of `turns`. A round has as many turns of each as
 * fill `windowMs`.
 * @param onOpen is called when all connections are open and warm
 */
export async function takeTurns(
  bench: Bench,
  turns: readonly Turn[],
  rounds: number,
  onOpen: () => void,
): Promise<readonly (readonly number[])[]> {
  let stop = (): void => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const loads: ReturnType<typeof startWrk>[] = []
  const figures: number[][] = []
  try {
    for (const { shape, connections, warmCount } of turns) {
      const url = `https://127.0.0.1:${shape.ports.tls}/`
      const { directory } = bench.files
      const start = await bench.static.requests()
      const plan = { directory, url, host: HOST, connections, stop: stopped }
      const load = startWrk({ ...plan, seconds: MOST_SECONDS })
      loads.push(load)
      await untilCounted(bench.static.requests, start + warmCount)
      load.hold()
    }
    onOpen()
    for (let round = 0; round < rounds; round++) figures.push(await takeRound(bench, turns, loads))
  } finally {
    stop()
  }
  for (const { errors } of await Promise.all(loads.map(({ result }) => result)))
    demand(errors === 0, `${errors} errors`)
  return figures
}

async function takeRound(
  bench: Bench,
  turns: readonly Turn[],
  loads: readonly ReturnType<typeof startWrk>[],
): Promise<number[]> {
  const sums = turns.map(() => ({ cpuNs: 0, count: 0 }))
  for (let time = 0; time < bench.options.windowMs / TURN_MS; time++)
    for (const [at, { shape, connections }] of turns.entries()) {
      const sum = sums[at]
      const load = loads[at]
      if (!sum || !load) continue
      load.go()
      await sleep(SETTLE_MS)
      const given = { ms: TURN_MS, least: connections }
      const { cpuNs, count } = await measure(shape.running.pid, bench.static.requests, given)
      load.hold()
      sum.cpuNs += cpuNs
      sum.count += count
      await sleep(DRAIN_MS)
    }
  return sums.map(({ cpuNs, count }) => cpuNs / 1000 / count)
}
