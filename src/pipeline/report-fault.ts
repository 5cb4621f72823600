/** What is done about a bug, whatever exchange it is in: its stack is logged. */
import type { Logger } from '../observe/logger.ts'

/** Never throws. With a logger that is broken itself, the process is told, which has its own way to say it. */
export function reportFault(logger: Logger, error: unknown, id: string): void {
  try {
    logger.error({ err: error, id }, 'fault')
  } catch {
    setImmediate(() => {
      throw error
    })
  }
}
