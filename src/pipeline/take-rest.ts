/** Reads a request to its end before it is refused, so that the connection can be kept as the pool would keep it. */
import type { Incoming } from './exchange.ts'

/** A body that is longer, or takes longer, is not worth the connection. */
const MOST_BYTES = 65_536
const MOST_MS = 5_000

export interface TakingScope {
  readonly waitMs: number
  /** The client sends its body only after a 100. */
  readonly expectsContinue: boolean
}

/**
 * Calls back after `waitMs` and when the body has come, or when too much of it is missing. The client that leaves ends the
 * exchange elsewhere; it calls back all the same.
 */
export function takeRest(
  { req }: Incoming,
  { waitMs, expectsContinue }: TakingScope,
  done: (isWhole: boolean) => void,
): void {
  const endsAt = setTimeout(() => finish(false), waitMs + MOST_MS)
  let bytes = 0
  let isWaiting = waitMs > 0
  const isWhole = (): boolean => req.complete || req.readableEnded
  const finish = (whole: boolean): void => {
    clearTimeout(endsAt)
    clearTimeout(waits)
    req.off('data', onData)
    req.off('end', look)
    req.socket.off('close', onClose)
    done(whole)
  }
  const look = (): void => {
    if (!isWaiting && isWhole()) finish(true)
  }
  const onData = (piece: Buffer): void => {
    bytes += piece.length
    if (bytes > MOST_BYTES) finish(false)
  }
  const onClose = (): void => finish(false)
  const waits = setTimeout(() => {
    isWaiting = false
    look()
  }, waitMs)
  // Nothing comes before a 100 that nobody has sent.
  if (expectsContinue && !isWhole()) return finish(false)
  req.socket.once('close', onClose)
  req.on('data', onData)
  req.once('end', look)
  req.resume()
  look()
}
