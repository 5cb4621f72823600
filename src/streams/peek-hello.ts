/** Waits until it is known what the client asks for. The bytes that come meanwhile are kept for the server. */
import type { Socket } from 'node:net'
import type { ClearHandshake } from './clear-handshake.ts'
import { GrowingBuffer } from './growing-buffer.ts'

/** A ClientHello that is longer decides nothing. Real ones have up to 2 KiB, with tickets a little more. */
const MAX_HELD = 16 * 1_024

/** `held`: all that has come so far. `timeout`: it took too long. `ended`: the client has ended before. */
export type Peeked = { readonly held: Buffer } | 'timeout' | 'ended'

/**
 * @param done called once; the socket is paused then
 * @returns a way to give it up
 */
export function peekHello(
  client: Socket,
  clear: ClearHandshake,
  helloMs: number,
  done: (result: Peeked) => void,
): () => void {
  const held = new GrowingBuffer()
  const leave = (): void => {
    clearTimeout(timer)
    client.off('data', onData)
    client.off('end', onEnd)
    client.pause()
  }
  const settle = (result: Peeked): void => {
    leave()
    done(result)
  }
  const onData = (chunk: Buffer): void => {
    held.append(chunk)
    clear.onChunk('client', chunk)
    if (clear.hello || clear.isClientOver || held.length >= MAX_HELD) settle({ held: held.bytes })
  }
  const onEnd = (): void => settle('ended')
  const timer = setTimeout(() => settle('timeout'), helloMs)
  client.on('data', onData)
  client.on('end', onEnd)
  return leave
}
