/** A logger whose lines the test reads, and waits for. */
import type { AccessRecord } from '../../src/observe/access-log.ts'
import { createLogger, type Logger, type LoggerSettings } from '../../src/observe/logger.ts'
import type { StreamRecord } from '../../src/observe/stream-log.ts'

/** A log line: an access record, the record of a stream's connection, or another event. */
export type LogLine = Partial<AccessRecord> &
  Partial<StreamRecord> & { readonly msg: string; readonly level: number }

export interface CollectedLog {
  readonly logger: Logger
  /** Grows with what is logged. */
  readonly lines: readonly LogLine[]
  /** Resolves with the first line that fits, also one that was written before the call. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>
}

export function collectLog(level: LoggerSettings['level']): CollectedLog {
  const lines: LogLine[] = []
  const waiting = new Set<() => void>()
  const { logger } = createLogger({
    level,
    destination: {
      write: (text) => {
        lines.push(JSON.parse(text) as LogLine)
        for (const look of waiting) look()
      },
    },
  })
  return {
    logger,
    lines,
    line: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = lines.find(fits)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}
