/**
 * Both directions of a connection, untouched: each chunk that is read is written as it is, a side that reads slowly
 * slows the other one down, and the end of one direction (FIN) is passed on while the other goes on.
 */
import type { Socket } from 'node:net'
import { breakOff } from '../forward/break-off.ts'
import { endSoon } from '../forward/linger.ts'

export interface PumpSides {
  /** Both with `allowHalfOpen`, so that they end only when told. */
  readonly client: Socket
  readonly server: Socket
  /** Silence in both directions for so long ends the connection. */
  readonly idleMs: number
}

/** Where the first trouble came from. */
export type PumpEnd =
  | { readonly kind: 'done' | 'idle' }
  | { readonly kind: 'client-left' | 'backend-broke-off'; readonly reason: string }

export interface PumpWatch {
  /** Every chunk, before it is written. Only looks. */
  onChunk(from: 'client' | 'server', chunk: Buffer): void
  /** Called once, when both sides are closed. */
  onEnd(end: PumpEnd): void
}

/**
 * How long the side that goes on may be silent once the other has ended, if `idle` is not shorter: one that has closed
 * for good looks the same as one that has only ended sending.
 */
const HALF_CLOSED_MS = 300_000

/** @returns a way to end both sides in good order; `onEnd` says `done` then */
export function pump({ client, server, idleMs }: PumpSides, watch: PumpWatch): () => void {
  let end: PumpEnd | undefined
  let open = 2
  const trouble = (next: PumpEnd): void => {
    end ??= next
  }
  const onIdle = (): void => {
    trouble({ kind: 'idle' })
    for (const side of [client, server]) side.destroy()
  }

  const carry = (from: Socket, to: Socket, name: 'client' | 'server'): void => {
    from.on('data', (chunk: Buffer) => {
      watch.onChunk(name, chunk)
      if (!to.write(chunk)) from.pause()
    })
    from.resume()
    to.on('drain', () => from.resume())
    const onFin = (): void => {
      to.end()
      client.setTimeout(Math.min(idleMs, HALF_CLOSED_MS))
    }
    // A client may have ended while its server was still being connected.
    if (from.readableEnded) onFin()
    else from.once('end', onFin)
    from.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever has ended sending and then closed may reset what still comes: that was a good end.
      const kind = name === 'client' ? 'client-left' : 'backend-broke-off'
      if (from.readableEnded) trouble({ kind: 'done' })
      else trouble({ kind, reason: error.code ?? error.message })
      breakOff(to)
    })
    from.once('close', () => {
      open--
      if (open === 0) return watch.onEnd(end ?? { kind: 'done' })
      // What is still to be written has no other clock when the client's is gone.
      to.setTimeout(Math.min(idleMs, HALF_CLOSED_MS))
    })
  }
  // Every byte of either direction is read or written on the client's socket, so its timer alone sees all silence.
  client.setTimeout(idleMs)
  client.on('timeout', onIdle)
  server.on('timeout', onIdle)
  carry(client, server, 'client')
  carry(server, client, 'server')

  return () => {
    for (const side of [client, server]) {
      side.removeAllListeners('data')
      side.removeAllListeners('drain')
      endSoon(side)
    }
  }
}
