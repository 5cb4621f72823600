/** CPU time of a proxy per unit of work, in short windows inside a load that is running already. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Contestant } from './bench.ts'
import { cpuBetween, cpuTimes } from './processes.ts'
import type { Cell } from './results.ts'

export interface Window {
  /** Nanoseconds of the proxy's process tree. */
  readonly cpuNs: number
  /** What the counter has counted meanwhile. */
  readonly count: number
  readonly seconds: number
}

/** What is measured, and how it is loaded. */
export interface LoadedWindow {
  /** What has been done so far. */
  count(): Promise<number>
  /** How much must have been done before the window opens, so that every connection is there and warm. */
  readonly warmCount: number
  /** Loads the proxy until told to stop; rejects when an answer was wrong. */
  load(stop: Promise<unknown>): Promise<void>
}

/** Short enough for those whose loads are held meanwhile: wrk takes an answer after 30 s for an error. */
const PATIENCE_MS = 10_000

/** Takes one window out of the middle of a load, so that neither the handshakes of its beginning nor its end are in it. */
export async function takeWindow(
  { options }: Bench,
  { running }: Pick<Contestant, 'running'>,
  { count, warmCount, load }: LoadedWindow,
): Promise<Window> {
  const start = await count()
  let stop = (): void => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const taking = (async () => {
    await untilCounted(count, start + warmCount)
    await sleep(options.warmMs)
    return measure(running.pid, count, { ms: options.windowMs, least: warmCount / 2 })
  })().finally(stop)
  const [window] = await Promise.all([taking, load(stopped)])
  return window
}

/**
 * What a process tree spends for what is counted in so many milliseconds, or for longer: on a machine that is busy otherwise a
 * window of fixed length may hold next to nothing, so there is a least count. Rejects when a thread ends meanwhile.
 */
export async function measure(
  pid: number,
  count: () => Promise<number>,
  { ms, least }: { readonly ms: number; readonly least: number },
): Promise<Window> {
  const [counted, cpu, begin] = [await count(), cpuTimes(pid), performance.now()]
  await sleep(ms)
  await untilCounted(count, counted + least)
  const [countedThen, cpuThen, end] = [await count(), cpuTimes(pid), performance.now()]
  const cpuNs = cpuBetween(cpu, cpuThen)
  if (cpuNs === undefined) throw new Error('a thread has ended inside the window')
  return { cpuNs, count: countedThen - counted, seconds: (end - begin) / 1000 }
}

/** Rejects when it takes longer than `PATIENCE_MS`. */
export async function untilCounted(count: () => Promise<number>, wanted: number): Promise<void> {
  const limit = performance.now() + PATIENCE_MS
  while ((await count()) < wanted) {
    demand(performance.now() < limit, 'the load does not get going')
    await sleep(20)
  }
}

/** Takes a round of every contestant in turn (A B C A B C), so that a disturbance hits all of them. */
export async function inTurn<Each extends { readonly name: string }>(
  bench: Bench,
  contestants: readonly Each[],
  round: (contestant: Each, at: number) => Promise<number>,
  rounds = bench.options.rounds,
): Promise<Record<string, Cell>> {
  const cells: Record<string, { rounds: number[]; missing?: string }> = {}
  for (const { name } of contestants) cells[name] = { rounds: [] }
  // Programs that compile while they run are slow in the first rounds of a row; these do not count, for nobody.
  for (let at = -bench.options.warmRounds; at < rounds; at++)
    for (const contestant of contestants) {
      const cell = cells[contestant.name]
      if (!cell || cell.missing !== undefined) continue
      try {
        const figure = await round(contestant, at)
        if (at >= 0) cell.rounds.push(figure)
      } catch (error) {
        cell.missing = (error as Error).message
      }
    }
  return Object.fromEntries(
    Object.entries(cells).map(([name, { rounds, missing }]) => [
      name,
      missing === undefined ? { rounds } : { missing },
    ]),
  )
}

/** Fails the cell of a contestant when anything went wrong. */
export function demand(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what)
}
