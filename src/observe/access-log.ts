/** One line per exchange. The keys are documented in docs/operations.md and are part of what users' scripts rely on. */
import { accessOutputOf, type Logger } from './logger.ts'
import { redactTarget } from './redact.ts'
import { createW3cLog, type LoggedRequest, type W3cScope } from './w3c-log.ts'

/** What one line says. Absent where unknown; durations in milliseconds from the arrival of the request head. */
export interface AccessRecord {
  readonly id: string
  readonly revision: number
  readonly listener: string
  readonly tls: boolean
  readonly client: string
  readonly method: string
  readonly host: string
  readonly target: string
  readonly userAgent: string | undefined
  readonly rule: string | undefined
  readonly pool: string | undefined
  readonly server: string | undefined
  readonly affinity: string | undefined
  readonly pinned: boolean
  readonly status: number
  /** `done`, or the code of what went wrong. */
  readonly outcome: string
  readonly reason: string | undefined
  /** In observe: why strict would refuse what was served. */
  readonly strict: string | undefined
  readonly diagnostics: string | undefined
  readonly requestBytes: number
  readonly responseBytes: number
  readonly connectMs: number | undefined
  readonly firstByteMs: number | undefined
  readonly totalMs: number
}

/** A line must fit into one write to a pipe (4096 bytes), or those of two processes could mix. */
const MAX_FIELD = 512

export type AccessLog = (record: AccessRecord, request: LoggedRequest) => void

/** Writes access lines; nothing happens when the access log is off. */
export function createAccessLog(
  logger: Logger,
  format: 'json' | 'w3c' | 'off',
  scope: W3cScope,
): AccessLog {
  if (format === 'off') return () => {}
  const { logger: lines, output } = accessOutputOf(logger)
  if (format === 'w3c') return createW3cLog(output, scope)
  return (record) => {
    const { target, userAgent, diagnostics } = record
    lines.info(
      {
        ...record,
        target: redactTarget(target),
        userAgent: userAgent?.slice(0, MAX_FIELD),
        diagnostics: diagnostics?.slice(0, MAX_FIELD),
      },
      'exchange',
    )
  }
}
