/** One bounded TCP conversation of a probe: send something, read until it is understood or the time is over. */
import { connect } from 'node:net'
import type { Endpoint } from './surroundings.ts'

export type Conversation<T> =
  | { readonly kind: 'understood'; readonly value: T }
  /** The port is not open: `refused`, `time-out`, or another code of the system. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** Connected, but no answer that can be understood: silence, an early end, a reset. */
  | { readonly kind: 'ended'; readonly how: 'silent' | 'closed' | 'reset' }

export interface ConversationOptions<T> {
  readonly send: Uint8Array
  /** Returns what the bytes mean, or undefined while more are needed. It bounds how many. */
  readonly read: (bytes: Buffer) => T | undefined
  /** For the connection, and once more for all of the answer: a slow drip does not prolong it. */
  readonly timeoutMs: number
}

/** Never throws; the connection is gone when it resolves. */
export function converse<T>(
  endpoint: Endpoint,
  { send, read, timeoutMs }: ConversationOptions<T>,
): Promise<Conversation<T>> {
  return new Promise((resolve) => {
    let isConnected = false
    const socket = connect({ host: endpoint.address, port: endpoint.port })
    const finish = (conversation: Conversation<T>): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(conversation)
    }
    const onTimeout = (): void =>
      finish(
        isConnected
          ? { kind: 'ended', how: 'silent' }
          : { kind: 'unreachable', reason: 'time-out' },
      )
    let timer = setTimeout(onTimeout, timeoutMs)
    socket.on('connect', () => {
      isConnected = true
      clearTimeout(timer)
      timer = setTimeout(onTimeout, timeoutMs)
      socket.write(send)
    })
    socket.on('data', (bytes: Buffer) => {
      const value = read(bytes)
      if (value !== undefined) finish({ kind: 'understood', value })
    })
    socket.on('end', () => finish({ kind: 'ended', how: 'closed' }))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(
        isConnected
          ? { kind: 'ended', how: 'reset' }
          : { kind: 'unreachable', reason: reasonOf(error) },
      ),
    )
  })
}

function reasonOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ETIMEDOUT') return 'time-out'
  return code ?? 'unknown'
}
