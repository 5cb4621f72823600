/** Ends connections without losing what is still on its way to a TCP reset. */
import type { Socket } from 'node:net'
import type { ClientRequest } from './client-message.ts'
import { guarded, type OnFault } from './guarded.ts'

/**
 * Closing a socket with unread bytes makes the kernel send a reset, which can overtake the answer (RFC 9112 9.6).
 * So the rest of the request is read and thrown away for this long before the connection is closed.
 */
const LINGER_MS = 3_000

/** Calls `end` when the request is complete or its connection gone, at the latest after the lingering time. */
export function endAfterRequest(req: ClientRequest, onFault: OnFault, end: () => void): void {
  const { socket } = req
  const finish = guarded(onFault, () => {
    clearTimeout(timer)
    req.off('end', finish)
    socket.off('close', finish)
    end()
  })
  const timer = setTimeout(finish, LINGER_MS)
  req.once('end', finish)
  socket.once('close', finish)
  req.resume()
}

/** How long the other side may take to close after we did. */
const GRACE_MS = 2_000

/** Ends a socket when all is written, and does not wait for ever for the other side. */
export function endSoon(socket: Socket): void {
  socket.resume()
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), GRACE_MS)
    socket.once('close', () => clearTimeout(timer))
  })
}
