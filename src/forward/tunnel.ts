/** A tunnel from the 101 on: the end of one side ends the other, and an idle one ends. */
import type { Socket } from 'node:net'
import { breakOff } from './break-off.ts'
import { endSoon } from './linger.ts'

export interface TunnelSides {
  readonly client: Socket
  readonly backend: Socket
  /** Silence in both directions for so long ends the tunnel. */
  readonly idleMs: number
}

/** Half-open TCP is found after this silence. */
const PROBE_DELAY_MS = 60_000

/** Watches over both sides. `onEnd` is called once, when the first of them has closed. */
export function superviseTunnel({ client, backend, idleMs }: TunnelSides, onEnd: () => void): void {
  let isOver = false
  const over = (): void => {
    if (isOver) return
    isOver = true
    onEnd()
  }
  for (const side of [client, backend]) side.setKeepAlive(true, PROBE_DELAY_MS)
  // Every byte of either direction is read or written on the client's socket, so its timer alone sees all silence.
  client.setTimeout(idleMs, () => {
    client.destroy()
    backend.destroy()
  })
  closeTogether(client, backend, over)
  closeTogether(backend, client, over)
}

/** A clean end lets the other side have what is still on its way; a break breaks the other side too. */
function closeTogether(one: Socket, other: Socket, over: () => void): void {
  // Before the listeners of http-proxy, which would end the other side cleanly.
  one.prependListener('error', () => breakOff(other))
  one.once('close', (hadError: boolean) => {
    over()
    if (hadError || other.writableLength === 0) other.destroy()
    else endSoon(other)
  })
}
