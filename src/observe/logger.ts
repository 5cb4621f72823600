/** The log: pino on standard output, one JSON object per line, written off the request path. */
import pino, { type DestinationStream, type Logger } from 'pino'

export type { Logger } from 'pino'

export interface LoggerSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Where lines go instead of standard output; for tests and for the demo. */
  readonly destination?: DestinationStream
}

/**
 * A log that cannot be written must never stop traffic: write errors (a full disk, a closed pipe) are swallowed.
 * `flush` writes what is still held and is called before the process ends.
 */
export function createLogger(settings: LoggerSettings): { logger: Logger; flush: () => void } {
  const options = { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  if (settings.destination) return { logger: pino(options, settings.destination), flush: () => {} }
  const destination = pino.destination({ fd: 1, sync: false })
  destination.on('error', () => {})
  const flush = (): void => {
    try {
      destination.flushSync()
    } catch {
      // Nothing was written yet, or nobody reads any more: either way there is nothing to save.
    }
  }
  return { logger: pino(options, destination), flush }
}
