/** A bug in one exchange must not end thousands of others. */
import { writeSync } from 'node:fs'
import type { Logger } from '../observe/logger.ts'
import type { FaultKind } from '../observe/metrics/process-metrics.ts'

/** Who counts. */
export interface FaultCounter {
  recordFault(kind: FaultKind): void
}

const STANDARD_ERROR = 2

/** Counts and logs what nobody caught, and goes on. */
export function surviveFaults(logger: Logger, counter: FaultCounter): void {
  const survive = (kind: FaultKind) => (error: unknown) => {
    try {
      counter.recordFault(kind)
      logger.error({ err: error, kind }, 'fault outside an exchange')
    } catch (second) {
      // A throw in here would end the process.
      say(`lyncgate: a fault that could not be logged: ${inWords(error)}, ${inWords(second)}\n`)
    }
  }
  process.on('uncaughtException', survive('exception'))
  process.on('unhandledRejection', survive('rejection'))
}

const inWords = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : 'no Error'

function say(text: string): void {
  try {
    writeSync(STANDARD_ERROR, text)
  } catch {
    // There is nobody left to tell.
  }
}
