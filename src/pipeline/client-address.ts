/** Who the client is, as far as it can be believed. */

import { isIP } from 'node:net'
import { unmapped } from '../base/unmapped.ts'
import type { Arrival } from './arrival.ts'

/**
 * Is what the peer says in X-Forwarded-* fields believed? Not from a balancer that did not name its client (PROXY
 * protocol, LOCAL and UNKNOWN): that client may be anybody and has written the fields.
 */
export const isBelieved = (
  { peerAddress, isPeerClient }: Pick<Arrival, 'peerAddress' | 'isPeerClient'>,
  isTrusted: (address: string) => boolean,
): boolean => isPeerClient && isTrusted(peerAddress)

/**
 * The address a trusted proxy vouches for: the last one in X-Forwarded-For that is not itself a trusted proxy. From
 * anybody else the field is worth nothing, and the peer counts.
 * @param forwardedFor the values of all X-Forwarded-For fields, in order
 */
export function clientAddress(
  peer: string,
  forwardedFor: readonly string[] | undefined,
  isTrusted: (address: string) => boolean,
): string {
  if (!forwardedFor || !isTrusted(peer)) return peer
  const hops = forwardedFor.join(',').split(',')
  let client = peer
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = unmapped(plainAddress((hops[i] as string).trim()))
    if (isIP(hop) === 0) break
    client = hop
    if (!isTrusted(hop)) break
  }
  return client
}

/** `[2001:db8::1]:443` and `192.0.2.1:1234` are seen in the field beside bare addresses. */
function plainAddress(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)
  if (bracketed) return bracketed[1] as string
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)
  return withPort ? (withPort[1] as string) : hop
}
