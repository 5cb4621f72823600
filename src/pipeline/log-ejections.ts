/** Says in the log when traffic ejects a server, and when it is back. */
import type { EjectionEvent } from '../forward/passive-check.ts'
import type { Logger } from '../observe/logger.ts'
import { serverName } from '../pools/server.ts'

export function logEjection(logger: Logger, event: EjectionEvent): void {
  const { pool } = event
  const server = serverName(event.server)
  if (event.kind === 'returned') return logger.info({ pool, server }, 'server answers again')
  const { reason, forMs } = event
  logger.warn({ pool, server, reason, forMs }, 'server ejected')
}
