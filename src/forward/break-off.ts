/** Ends a connection in a way that nobody takes for a clean end. */
import type { Socket } from 'node:net'

/**
 * A reset; over TLS the missing close_notify says the same. A socket that is ending already cannot be reset any more:
 * libuv refuses, and Node would leave the handle open.
 */
export function breakOff(socket: Socket): void {
  if ('encrypted' in socket || socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
