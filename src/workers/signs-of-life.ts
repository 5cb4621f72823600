/** A worker whose event loop hangs serves nobody: its silence is noticed, and at last it is replaced. */
import type { Logger } from '../observe/logger.ts'
import type { WorkerProcess } from './worker-process.ts'

/** After so many ticks without a sign of life the log says so. */
const SILENT_TICKS = 5
/** After so many it is ended and replaced; one that is still starting gets more time, for machines that are busy. */
const FATAL_TICKS = 30
const START_MS = 120_000

/** Called with every tick. True: it has to be ended. */
export function isTooSilent(worker: WorkerProcess, nowMs: number, logger: Logger): boolean {
  worker.silentTicks++
  const { number, pid, silentTicks, isServing, startedAtMs } = worker
  if (!isServing) return nowMs - startedAtMs > START_MS
  if (silentTicks === SILENT_TICKS) logger.error({ worker: number, pid }, 'worker does not answer')
  return silentTicks >= FATAL_TICKS
}
