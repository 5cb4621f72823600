/** Ends an answer whose request is still coming in, without losing the answer to a TCP reset. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Closing a socket with unread bytes makes the kernel send a reset, which can overtake the answer (RFC 9112 9.6).
 * So the rest of the request is read and thrown away for this long before the connection is closed.
 */
const LINGER_MS = 3_000

/** Calls `end` when the request is complete, at the latest after the lingering time. */
export function endAfterRequest(req: IncomingMessage, res: ServerResponse, end: () => void): void {
  const finish = (): void => {
    clearTimeout(timer)
    req.off('end', finish)
    res.off('close', finish)
    end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  req.once('end', finish)
  res.once('close', finish)
  req.resume()
}
