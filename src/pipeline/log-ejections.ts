/** Says in the log when traffic ejects a server, and when it is back. */
import type { EjectionEvent } from '../forward/passive-check.ts'
import type { Logger } from '../observe/logger.ts'

export const logEjection =
  (logger: Logger) =>
  (event: EjectionEvent): void => {
    const { pool, server } = event
    const { address } = server
    if (event.kind === 'returned')
      return logger.info({ pool, server: address }, 'server answers again')
    const { reason, forMs } = event
    logger.warn({ pool, server: address, reason, forMs }, 'server ejected')
  }
