/**
 * TLS handshakes one after another. A handshake takes about a millisecond of the event loop, so hundreds that begin at once
 * would hold up every conversation there is. Here only a few begin in each turn of the loop, of each client in turn, and
 * what stands goes on in between.
 */
import type { Socket } from 'node:net'

/** A turn of the event loop is longer by these at most. */
const PER_TURN = 2

/** Clients that have said something and wait. Beyond, the one that has waited longest goes: it has given up first. */
const MOST_WAITING = 1_000

export interface HandshakeQueueScope {
  readonly handshakeMs: number
  /** Its handshake may begin; the ClientHello, or a part of it, is there. */
  readonly begin: (socket: Socket) => void
  /** It said nothing, or its turn did not come in time. */
  readonly onTimeout: (socket: Socket) => void
  /** Too many wait: it was closed. */
  readonly onShed: (socket: Socket) => void
}

interface Waiting {
  readonly socket: Socket
  /** It does not wait any more. */
  readonly settle: () => void
}

/** @returns takes a connection; `client` is what connections are told apart by */
export function createHandshakeQueue(
  scope: HandshakeQueueScope,
): (socket: Socket, client: string) => void {
  // In the order of their turns.
  const lines = new Map<string, Waiting[]>()
  let waiting = 0
  let begun = 0
  let isTurning = false

  const turn = (): void => {
    begun = 0
    isTurning = false
    while (begun < PER_TURN && waiting > 0) begin(next())
  }
  const begin = ({ socket, settle }: Waiting): void => {
    settle()
    if (!isTurning) {
      isTurning = true
      setImmediate(turn)
    }
    if (socket.destroyed) return
    begun++
    scope.begin(socket)
  }
  /** The oldest of the client whose turn it is; that client comes last then. */
  const next = (): Waiting => {
    const [client, line] = lines.entries().next().value as [string, Waiting[]]
    const first = line.shift() as Waiting
    waiting--
    lines.delete(client)
    if (line.length > 0) lines.set(client, line)
    return first
  }
  const enqueue = (one: Waiting, client: string): void => {
    if (waiting === 0 && begun < PER_TURN) return begin(one)
    const line = lines.get(client)
    if (line) line.push(one)
    else lines.set(client, [one])
    waiting++
    if (waiting <= MOST_WAITING) return
    const { socket, settle } = next()
    settle()
    if (socket.destroyed) return
    scope.onShed(socket)
    socket.destroy()
  }
  return (socket, client) =>
    awaitFirstByte(socket, scope, (settle) => enqueue({ socket, settle }, client))
}

/** A connection that says nothing costs no turn. `said` gets the way to stop its time, which runs on until then. */
function awaitFirstByte(
  socket: Socket,
  { handshakeMs, onTimeout }: HandshakeQueueScope,
  said: (settle: () => void) => void,
): void {
  const stopListening = (): void => {
    socket.off('readable', onReadable)
    socket.off('end', onEnd)
  }
  const settle = (): void => {
    clearTimeout(timer)
    stopListening()
    socket.off('close', settle)
  }
  const onReadable = (): void => {
    if (socket.readableLength === 0) return
    stopListening()
    said(settle)
  }
  const onEnd = (): void => void socket.destroy()
  const timer = setTimeout(() => {
    settle()
    onTimeout(socket)
    socket.destroy()
  }, handshakeMs)
  socket.on('readable', onReadable)
  socket.on('end', onEnd)
  socket.on('close', settle)
  // Bytes that came before, behind a PROXY header for example: nothing tells of them again.
  if (socket.readableLength > 0) onReadable()
}
