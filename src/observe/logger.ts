/** The log: pino, one JSON object per line, written off the request path; and where access lines go. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { describeFault } from './describe-fault.ts'
import { type LogFile, logFile } from './log-file.ts'
import { type LogOutput, standardOutput } from './log-output.ts'

export type { Logger } from 'pino'

export interface LoggerSettings {
  readonly level: Level
  /** Where lines go instead of standard output; for tests and for the demo. */
  readonly destination?: DestinationStream
  /** The number of the worker process that writes; its lines say so. Left out: there is no other writer. */
  readonly worker?: number
}

type Level = 'debug' | 'info' | 'warn' | 'error'

/** The part of the rules file that is about logs. */
export interface LogRule {
  readonly level: Level
  readonly access: 'json' | 'w3c' | 'off'
  /** Absolute path; undefined: standard output. */
  readonly accessFile: string | undefined
}

/** Where access lines go: `logger` for JSON, `output` for text. */
export interface AccessOutput {
  readonly logger: Logger
  readonly output: Pick<LogOutput, 'write' | 'generation'>
}

interface Outputs extends AccessOutput {
  adopt(rule: LogRule): void
}

const outputs = new WeakMap<Logger, Outputs>()

/**
 * A log that cannot be written must never stop traffic: see `log-output.ts`. `flush` writes what is still held and is
 * called before the process ends.
 */
export function createLogger(settings: LoggerSettings): {
  logger: Logger
  flush: () => Promise<void>
} {
  const { level, worker, destination } = settings
  const base = worker === undefined ? null : { worker }
  const timestamp = pino.stdTimeFunctions.isoTime
  const options = { base, timestamp, serializers: { err: describeFault } }
  if (destination) {
    const logger = pino({ ...options, level }, destination)
    const output = { generation: 0, write: (text: string) => void destination.write(text) }
    const access = pino({ ...options, level: 'info' }, destination)
    let adopted: Level | undefined
    outputs.set(logger, {
      logger: access,
      output,
      adopt: (rule) => {
        // Whoever chose the destination chose the level with it; only a change of the file speaks against that.
        if (adopted !== undefined && adopted !== rule.level) logger.level = rule.level
        adopted = rule.level
      },
    })
    return { logger, flush: () => Promise.resolve() }
  }
  const isShared = worker !== undefined
  const stdout = standardOutput(1, isShared)
  const stderr = standardOutput(2, isShared)
  let file: LogFile | undefined
  let path: string | undefined
  let main: LogOutput = stdout
  let access: LogOutput = stdout
  const logger = pino({ ...options, level }, { write: (text) => main.write(text) })
  const onTrouble = (reason: string): void =>
    logger.warn({ file: path, reason }, 'access log cannot be written')
  const follow = ({ access: format, accessFile }: LogRule): void => {
    if (accessFile !== path) file?.end()
    if (accessFile === undefined) file = undefined
    else if (accessFile !== path) file = logFile({ path: accessFile, onTrouble })
    path = accessFile
    access = file ?? stdout
    // A file of one format: whoever reads it must not have to tell two kinds of lines apart.
    main = format === 'w3c' && !file ? stderr : stdout
  }
  outputs.set(logger, {
    // Its lines do not depend on `log.level`.
    logger: pino({ ...options, level: 'info' }, { write: (text) => access.write(text) }),
    output: {
      write: (text) => access.write(text),
      get generation() {
        return access.generation
      },
    },
    adopt: (rule) => {
      if (logger.level !== rule.level) logger.level = rule.level
      follow(rule)
    },
  })
  const flush = async (): Promise<void> => {
    await Promise.all([stdout, stderr, ...(file ? [file] : [])].map((each) => each.flush()))
  }
  return { logger, flush }
}

/** A configuration comes into force: what is logged, and where to. */
export function adoptLogRule(logger: Logger, rule: LogRule): void {
  const own = outputs.get(logger)
  if (own) own.adopt(rule)
  else logger.level = rule.level
}

/** @returns follows what `adoptLogRule` says */
export const accessOutputOf = (logger: Logger): AccessOutput =>
  outputs.get(logger) ?? { logger, output: { generation: 0, write: () => {} } }
