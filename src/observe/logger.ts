/** The log: pino on standard output, one JSON object per line, written off the request path. */
import pino, { type DestinationStream, type Logger } from 'pino'

export type { Logger } from 'pino'

export interface LoggerSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Where lines go instead of standard output; for tests and for the demo. */
  readonly destination?: DestinationStream
}

const FLUSH_MS = 1_000

/**
 * A log that cannot be written must never stop traffic: write errors (a full disk, a closed pipe) are swallowed.
 * `flush` writes what is still held and is called before the process ends; it gives up after a second, because a pipe
 * that nobody reads any more would otherwise keep the process for ever (`flushSync` tries again without end).
 */
export function createLogger(settings: LoggerSettings): {
  logger: Logger
  flush: () => Promise<void>
} {
  const options = { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  if (settings.destination) {
    return { logger: pino(options, settings.destination), flush: () => Promise.resolve() }
  }
  const destination = pino.destination({ fd: 1, sync: false })
  destination.on('error', () => {})
  const flush = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, FLUSH_MS)
      destination.flush(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  return { logger: pino(options, destination), flush }
}
