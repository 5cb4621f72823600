/**
 * Loads that take turns every quarter of a second, over connections that stay open while their wrk is held. What disturbs the
 * machine for longer than a turn hits all alike; windows of a second, each with a load of its own, are two seconds apart.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Contestant } from './bench.ts'
import { type RunningWrk, startWrk, type WrkLoad } from './load/wrk.ts'
import { demand, measure, untilCounted, type Window } from './measure.ts'
import type { Cell } from './results.ts'

const TURN_MS = 250
/**
 * Before anything counts, of each load and in turn as well, so that nobody is held for longer than the others need for a turn
 * each: nginx gives up on a body after 60 s without a byte, and wrk takes an answer after 30 s for an error.
 */
const WARM_TURN_MS = 1000
/** After a load is let go, before anything counts. */
const SETTLE_MS = 60
/** After a load is held what is on its way arrives. It is over when nothing has been counted for so long. */
const DRAIN_MS = 30
/** Of a counter that does not come to rest. */
const MOST_DRAINS = 30
/** A load has to end by itself some time, whatever happens to the benchmark. */
const MOST_SECONDS = 900

/** Whose turn it is, and what it is loaded with. */
export interface Turn {
  readonly shape: Contestant
  readonly load: Pick<WrkLoad, 'url' | 'host' | 'uploadBytes' | 'hosts'>
  readonly warmUp: WarmUp
}

/** At least so much is counted or so much time is spent, whichever comes first, and a second in any case. */
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
  readonly windows: Window[]
  missing?: string
}

/**
 * Nanoseconds for each of what is counted, by name of the contestant. A round has as many turns of each as fill `windowMs`; the
 * order is reversed every time. Who fails drops out, and the others go on.
 */
export async function takeTurns(bench: Bench, plan: Turns): Promise<Record<string, Cell>> {
  const perRound = Math.ceil(bench.options.windowMs / TURN_MS)
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
      const loaded: Loaded = { ...turn, wrk: startWrk(load), windows: [] }
      all.push(loaded)
      await inItsTurn(plan, loaded, async (start) => untilCounted(plan.count, start + plan.least))
    }
    await warmAll(plan, all)
    plan.onOpen?.()
    const order = [...all]
    for (let time = 0; time < plan.rounds * perRound; time++) {
      for (const each of order) await inItsTurn(plan, each, () => countTurn(plan, each))
      order.reverse()
    }
  } finally {
    stop()
  }
  const cells: Record<string, Cell> = {}
  for (const each of all) cells[each.shape.name] = await cellOf(each, perRound)
  return cells
}

/** Programs that compile while they run are slow at first. All go on until the last is warm. */
async function warmAll(plan: Turns, all: readonly Loaded[]): Promise<void> {
  const counted = new Map<Loaded, number>()
  const isCold = (each: Loaded, spent: number): boolean =>
    (counted.get(each) ?? 0) < each.warmUp.count && spent < each.warmUp.ms
  for (let spent = 0; all.some((each) => isCold(each, spent)); spent += WARM_TURN_MS)
    for (const each of all)
      await inItsTurn(plan, each, async (start) => {
        await sleep(WARM_TURN_MS)
        await untilCounted(plan.count, start + plan.least)
        counted.set(each, (counted.get(each) ?? 0) + (await plan.count()) - start)
      })
}

async function countTurn({ count, least }: Turns, { shape, windows }: Loaded): Promise<void> {
  await sleep(SETTLE_MS)
  windows.push(await measure(shape.running.pid, count, { ms: TURN_MS, least }))
}

/** Lets one load go for as long as the work takes. */
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
  await untilStill(count)
}

/**
 * Waits until nothing more is counted. What a proxy spends after its load is held belongs to nobody, and neither does what is
 * counted then. It may still fill the socket of a client whose server has written all: that takes nothing but caches from
 * the next.
 */
async function untilStill(count: Turns['count']): Promise<void> {
  let before = Number.NaN
  for (let time = 0; time < MOST_DRAINS; time++) {
    const counted = await count()
    if (counted === before) return
    before = counted
    await sleep(DRAIN_MS)
  }
}

/** Whose answers were wrong has no figures. */
async function cellOf({ wrk, windows, missing }: Loaded, perRound: number): Promise<Cell> {
  try {
    const { errors } = await wrk.result
    demand(errors === 0, `${errors} errors`)
  } catch (error) {
    return { missing: missing ?? (error as Error).message }
  }
  if (missing !== undefined) return { missing }
  const rounds = Array.from({ length: windows.length / perRound }, (_, round) => {
    const own = windows.slice(round * perRound, (round + 1) * perRound)
    return sum(own.map(({ cpuNs }) => cpuNs)) / sum(own.map(({ count }) => count))
  })
  return { rounds }
}

/** What several goes have given, one behind the other, by name of the contestant. */
export const joinedByName = (
  names: readonly string[],
  goes: readonly Readonly<Record<string, Cell>>[],
): Record<string, Cell> =>
  Object.fromEntries(names.map((name) => [name, joined(goes.map((each) => each[name]))]))

/** The rounds of all, or why one of them has none. */
function joined(cells: readonly (Cell | undefined)[]): Cell {
  const failed = cells.find((cell) => cell && 'missing' in cell)
  return (
    failed ?? { rounds: cells.flatMap((cell) => (cell && 'rounds' in cell ? cell.rounds : [])) }
  )
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)
