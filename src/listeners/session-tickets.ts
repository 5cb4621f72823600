/**
 * The keys of TLS session tickets (RFC 5077 4). They follow from a secret and the time alone, so that every process and
 * every replica with the same secret can resume what another one began, without a word between them.
 */
import { createHmac, hkdfSync } from 'node:crypto'

/** What Node takes: name, HMAC key and AES key of 16 bytes each. */
const KEY_BYTES = 48

export interface TicketSettings {
  readonly secret: Uint8Array
  /**
   * What a session was made under. OpenSSL does not ask for the name again when a session is resumed, so sessions of one
   * set of certificates and refused names must not be good for another.
   */
  readonly scope: string
  /** Milliseconds until the next keys; tickets of the former ones are then of no use any more. */
  readonly rotateMs: number
}

/** @param nowMs wall-clock milliseconds: replicas whose clocks are right change keys together */
export function ticketKeys({ secret, scope, rotateMs }: TicketSettings, nowMs: number): Buffer {
  const period = Math.floor(nowMs / rotateMs)
  const salt = createHmac('sha256', secret).update(scope).digest()
  const info = `lyncgate session tickets 1 ${period}`
  return Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES))
}
