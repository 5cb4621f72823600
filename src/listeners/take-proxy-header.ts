/** Takes the PROXY header off a connection. What stands behind it stays in the socket, for TLS or HTTP to read. */
import type { Socket } from 'node:net'
import { parseProxyHeader } from './parse-proxy-header.ts'

export type TakenHeader =
  | { readonly kind: 'complete'; readonly source: string | undefined }
  /** @property reason undefined: it left, or waited, without having sent a byte */
  | { readonly kind: 'none'; readonly reason: string | undefined }

/**
 * Reads until the header is complete, in however many pieces.
 * @param waitMs for the whole header
 * @param done called once. The socket is then without any listener of ours; closing it is the caller's business
 */
export function takeProxyHeader(
  socket: Socket,
  waitMs: number,
  done: (taken: TakenHeader) => void,
): void {
  let pieces: Buffer[] = []
  let size = 0
  let atLeast = 1
  const finish = (taken: TakenHeader): void => {
    clearTimeout(timer)
    socket.off('readable', onReadable)
    socket.off('end', onGone)
    socket.off('close', onGone)
    done(taken)
  }
  const giveUp = (reason: string): void =>
    finish({ kind: 'none', reason: size === 0 ? undefined : reason })
  const onGone = (): void => giveUp('it ended early')
  const onReadable = (): void => {
    const piece = socket.read() as Buffer | null
    if (piece === null) return
    pieces.push(piece)
    size += piece.length
    if (size < atLeast) return
    const bytes = pieces.length === 1 ? piece : Buffer.concat(pieces)
    const header = parseProxyHeader(bytes)
    if (header.kind === 'malformed') return finish({ kind: 'none', reason: header.reason })
    if (header.kind === 'incomplete') {
      pieces = [bytes]
      atLeast = header.atLeast
      return
    }
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length))
    finish({ kind: 'complete', source: header.source })
  }
  const timer = setTimeout(() => giveUp('it took too long'), waitMs)
  socket.on('readable', onReadable)
  socket.on('end', onGone)
  socket.on('close', onGone)
}
