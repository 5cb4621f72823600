/** One line per connection of a stream. The keys are documented in docs/streams.md, and scripts rely on them. */
import type { Logger } from './logger.ts'

/** What one line says. Absent where unknown; durations in milliseconds from the moment the connection was accepted. */
export interface StreamRecord {
  readonly id: string
  readonly revision: number
  readonly stream: string
  readonly client: string
  readonly route: string | undefined
  readonly server: string | undefined
  readonly affinity: string | undefined
  readonly outcome: string
  readonly reason: string | undefined
  readonly sni: string | undefined
  readonly alpn: readonly string[] | undefined
  readonly serverNames: readonly string[] | undefined
  readonly clientNames: readonly string[] | undefined
  readonly clientBytes: number
  readonly serverBytes: number
  readonly connectMs: number | undefined
  readonly firstByteMs: number | undefined
  readonly totalMs: number
}

/** Writes the lines, as JSON always: W3C fields are about HTTP. Nothing happens when the access log is off. */
export function createStreamLog(
  logger: Logger,
  mode: 'json' | 'w3c' | 'off',
): ((record: StreamRecord) => void) | undefined {
  if (mode === 'off') return undefined
  return (record) => logger.info({ ...record }, 'stream')
}
