/** The log: pino on standard output, one JSON object per line, written off the request path. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { describeFault } from './describe-fault.ts'

export type { Logger } from 'pino'

export interface LoggerSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Where lines go instead of standard output; for tests and for the demo. */
  readonly destination?: DestinationStream
  /** The number of the worker process that writes; its lines say so. Left out: there is no other writer. */
  readonly worker?: number
}

const FLUSH_MS = 1_000
const PIPE_BUF = 4_096

/** What is held while the log cannot be written; what comes after that is lost. */
const MAX_HELD = 4 * 1024 * 1024

/**
 * A log that cannot be written must never stop traffic: write errors (a full disk, a closed pipe) are swallowed.
 * `flush` writes what is still held and is called before the process ends; it gives up after a second, because a pipe
 * that nobody reads any more would otherwise keep the process for ever (`flushSync` tries again without end).
 */
export function createLogger(settings: LoggerSettings): {
  logger: Logger
  flush: () => Promise<void>
} {
  const { level, worker } = settings
  const base = worker === undefined ? null : { worker }
  const timestamp = pino.stdTimeFunctions.isoTime
  const options = { level, base, timestamp, serializers: { err: describeFault } }
  if (settings.destination) {
    return { logger: pino(options, settings.destination), flush: () => Promise.resolve() }
  }
  // Several processes write to one pipe: more than PIPE_BUF bytes at once could end up between the lines of others (pipe(7)).
  const maxWrite = worker === undefined ? undefined : PIPE_BUF
  const destination = pino.destination({
    fd: 1,
    sync: false,
    // Without it `flush` would call back before anything is written.
    minLength: 1,
    maxWrite,
    maxLength: MAX_HELD,
  })
  destination.on('error', () => {})
  const flush = (): Promise<void> =>
    new Promise((resolve) => {
      // What cannot be written is given up: on exit pino would try again for ever.
      const giveUp = (): void => {
        destination.destroy()
        resolve()
      }
      const timer = setTimeout(giveUp, FLUSH_MS)
      destination.flush((error) => {
        clearTimeout(timer)
        if (error) giveUp()
        else resolve()
      })
    })
  return { logger: pino(options, destination), flush }
}
