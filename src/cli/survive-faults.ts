/** A bug in one exchange must not end thousands of others. */
import type { Logger } from '../observe/logger.ts'

/** Logs what nobody caught, and goes on. */
export function surviveFaults(logger: Logger): void {
  process.on('uncaughtException', (error) =>
    logger.error({ err: error }, 'fault outside an exchange'),
  )
  process.on('unhandledRejection', (error) =>
    logger.error({ err: error }, 'fault outside an exchange'),
  )
}
