/**
 * Loads that take turns every quarter of a second, over connections that stay open while their wrk is held. What disturbs the
 * machine for longer than a turn hits all alike; windows of a second, each with a load of its own, are two seconds apart.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Contestant } from './bench.ts'
import { type RunningWrk, startWrk, type WrkLoad } from './load/wrk.ts'
import { demand, measure, untilCounted } from './measure.ts'
import type { Cell } from './results.ts'

const TURN_MS = 250
/**
 * Before anything counts, of each load and in turn as well, so that nobody is held for longer than the others need for a turn
 * each: nginx gives up on a body after 60 s without a byte, and wrk takes an answer after 30 s for an error.
 */
const WARM_TURN_MS = 1000
/** After a load is let go, before anything counts. */
const SETTLE_MS = 60
/** After a load is held: what is still on its way arrives, and so long nothing must have been counted. */
const DRAIN_MS = 30
/** A counter that does not come to rest. */
const MOST_DRAINS = 30
/** A load has to end by itself some time, whatever happens to the benchmark. */
const MOST_SECONDS = 900

/** Whose turn it is, and what it is loaded with. */
export interface Turn {
  readonly shape: Contestant
  readonly load: Pick<WrkLoad, 'url' | 'host' | 'uploadBytes' | 'hosts'>
  readonly warmUp: WarmUp
}

/** Over when so much is counted or so much time is spent, whichever comes first; a second at least. */
export interface WarmUp {
  readonly count: number
  readonly ms: number
}

export interface Turns {
  readonly turns: readonly Turn[]
  readonly connections: number
  /** What has been done so far, by whomever: only one of the loads runs at a time. */
  count(): Promise<number>
  /** A turn lasts until at least so much is counted. */
  readonly least: number
  readonly rounds: number
  /** Called when all connections are open and warm. */
  onOpen?(): void
}

/** A contestant with its load, and how it has fared. */
interface Loaded extends Turn {
  readonly wrk: RunningWrk
  readonly rounds: number[]
  missing?: string
}

/**
 * Nanoseconds for each of what is counted, by name of the contestant. A round has as many turns of each as fill `windowMs`; the
 * order is reversed every time. Who fails drops out, and the others go on.
 */
export async function takeTurns(bench: Bench, plan: Turns): Promise<Record<string, Cell>> {
  let stop = (): void => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const all: Loaded[] = []
  try {
    for (const turn of plan.turns) {
      const { directory } = bench.files
      const { connections } = plan
      const load = { ...turn.load, directory, connections, seconds: MOST_SECONDS, stop: stopped }
      const loaded: Loaded = { ...turn, wrk: startWrk(load), rounds: [] }
      all.push(loaded)
      await inItsTurn(plan, loaded, async (start) => untilCounted(plan.count, start + plan.least))
    }
    await warmAll(plan, all)
    plan.onOpen?.()
    const order = [...all]
    for (let round = 0; round < plan.rounds; round++) await takeRound(bench, plan, order)
  } finally {
    stop()
  }
  for (const each of all) await noteEnd(each)
  return Object.fromEntries(
    all.map(({ shape, rounds, missing }) => [
      shape.name,
      missing === undefined ? { rounds } : { missing },
    ]),
  )
}

/** Programs that compile while they run are slow at first. */
async function warmAll(plan: Turns, all: readonly Loaded[]): Promise<void> {
  const counted = new Map<Loaded, number>()
  const isCold = (each: Loaded, spent: number): boolean =>
    (counted.get(each) ?? 0) < each.warmUp.count && spent < each.warmUp.ms
  for (let spent = 0; all.some((each) => isCold(each, spent)); spent += WARM_TURN_MS)
    for (const each of all.filter((one) => isCold(one, spent)))
      await inItsTurn(plan, each, async (start) => {
        await sleep(WARM_TURN_MS)
        await untilCounted(plan.count, start + plan.least)
        counted.set(each, (counted.get(each) ?? 0) + (await plan.count()) - start)
      })
}

/** Leaves the order as the next round shall begin with it. */
async function takeRound({ options }: Bench, plan: Turns, order: Loaded[]): Promise<void> {
  const sums = order.map((each) => ({ each, cpuNs: 0, count: 0 }))
  for (let time = 0; time < options.windowMs / TURN_MS; time++) {
    for (const sum of sums)
      await inItsTurn(plan, sum.each, async () => {
        await sleep(SETTLE_MS)
        const given = { ms: TURN_MS, least: plan.least }
        const { cpuNs, count } = await measure(sum.each.shape.running.pid, plan.count, given)
        sum.cpuNs += cpuNs
        sum.count += count
      })
    sums.reverse()
    order.reverse()
  }
  for (const { each, cpuNs, count } of sums) each.rounds.push(cpuNs / count)
}

/**
 * Lets one load go for as long as the work takes, and waits until nothing of it is on its way any more. What a proxy does after
 * it is held belongs to nobody, and neither do the bytes that are counted then; a proxy that goes on filling a client's socket
 * after its server has written all is not waited for, and takes nothing but caches from the next.
 */
async function inItsTurn(
  { count }: Turns,
  loaded: Loaded,
  work: (start: number) => Promise<void>,
): Promise<void> {
  if (loaded.missing !== undefined) return
  try {
    loaded.wrk.go()
    await work(await count())
  } catch (error) {
    loaded.missing = (error as Error).message
  } finally {
    loaded.wrk.hold()
  }
  let before = Number.NaN
  for (let time = 0; time < MOST_DRAINS; time++) {
    const counted = await count()
    if (counted === before) return
    before = counted
    await sleep(DRAIN_MS)
  }
}

/** Whose answers were wrong has no figures. */
async function noteEnd(loaded: Loaded): Promise<void> {
  try {
    const { errors } = await loaded.wrk.result
    demand(errors === 0, `${errors} errors`)
  } catch (error) {
    loaded.missing ??= (error as Error).message
  }
}
