/** Bytes that are no request leave a line and a count, as there is no exchange that could. */
import type { FailureCode } from '../base/failure.ts'
import type { Arrival } from './arrival.ts'
import type { RequestScope } from './handle-request.ts'

interface Unreadable {
  readonly id: string
  readonly code: FailureCode
  readonly error: NodeJS.ErrnoException
}

/** @param error what Node's parser says */
export function reportUnreadable(
  { logger, metrics }: Pick<RequestScope, 'logger' | 'metrics'>,
  { listener, peerAddress }: Arrival,
  { id, code, error }: Unreadable,
): void {
  metrics.recordUnreadable(code)
  logger.info(
    { id, listener, client: peerAddress, outcome: code, reason: error.code },
    'request refused',
  )
}
