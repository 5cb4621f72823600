/** How many client connections may be open, in all and per client. */

import { isIPv6 } from 'node:net'
import { unmapped } from '../base/unmapped.ts'

/** Connections that are open: all of them, and by client. */
export interface ConnectionCounts {
  readonly open: number
  readonly clients: ReadonlyMap<string, number>
}

export interface ConnectionLimitSettings {
  readonly connections: number
  readonly connectionsPerClient: number
}

/** Which limit is reached: that of one client, or that of all. */
export type Lack = 'client' | 'all'

/** The part of its limit from which on a client is worth telling others about. */
const WORTH_TELLING = 1 / 16

/** Until a configuration is in force. */
const NONE_ADMITTED: ConnectionLimitSettings = { connections: 0, connectionsPerClient: 0 }

/** Counts open connections. Bounded by the number of open connections itself: an address without one is forgotten. */
export class ConnectionLimits {
  #settings: ConnectionLimitSettings
  #open = 0
  readonly #perClient = new Map<string, number>()
  #elsewhere: ConnectionCounts = { open: 0, clients: new Map() }
  /** What this process alone can carry, whatever the settings say: its open files have a limit. */
  mostHere = Number.POSITIVE_INFINITY
  /**
   * Asked when a limit is reached: ends a connection that is not in use. False: there is none.
   * @param client one of this client, as `clientKey` writes it; undefined: of anybody
   */
  makeRoom: (client: string | undefined) => boolean = () => false

  constructor(settings = NONE_ADMITTED) {
    this.#settings = settings
  }

  /** Limits of the configuration in force; connections that are open stay. */
  adopt(settings: ConnectionLimitSettings): void {
    this.#settings = settings
  }

  get open(): number {
    return this.#open
  }

  /** What other processes of this proxy have; it counts against the same limits. */
  set elsewhere(counts: ConnectionCounts) {
    this.#elsewhere = counts
  }

  /**
   * What is open here. Of the clients only those that could come near their limit when other processes have as many, at
   * most `most` of them.
   */
  count(most: number): ConnectionCounts {
    const least = Math.max(1, Math.floor(this.#settings.connectionsPerClient * WORTH_TELLING))
    let many = [...this.#perClient].filter(([, open]) => open >= least)
    if (many.length > most) many = many.sort(([, one], [, other]) => other - one).slice(0, most)
    return { open: this.#open, clients: new Map(many) }
  }

  /**
   * Asks for one more connection. Every `true` must be given back with `release` under the same address.
   * @param address the peer's address, without a port
   */
  admit(address: string): boolean {
    return this.tryToAdmit(address) === undefined
  }

  /** As `admit`; says what is lacking, or undefined for a connection that may come in. */
  tryToAdmit(address: string): Lack | undefined {
    const key = clientKey(address)
    const lack = this.#lackFor(key)
    if (lack) {
      const hasRoom = this.makeRoom(lack === 'client' ? key : undefined)
      // What was made room for in all may still be too much for this client, or the other way round.
      if (!hasRoom || this.#lackFor(key)) return lack
    }
    this.#open++
    this.#perClient.set(key, this.countOf(key) + 1)
    return undefined
  }

  /** Open connections of a client in this process. @param key as `clientKey` writes it */
  countOf(key: string): number {
    return this.#perClient.get(key) ?? 0
  }

  #lackFor(key: string): Lack | undefined {
    const ofClient = this.countOf(key) + (this.#elsewhere.clients.get(key) ?? 0)
    // The client first: its own connections are to go, not those of others.
    if (ofClient >= this.#settings.connectionsPerClient) return 'client'
    return this.#isFull ? 'all' : undefined
  }

  /**
   * Asks for a connection whose client is not known yet: a balancer has still to name it. Every `true` must be given
   * back with `releaseUnnamed`, before `admit` is asked for the client.
   */
  admitUnnamed(): boolean {
    if (this.#isFull && !(this.makeRoom(undefined) && !this.#isFull)) return false
    this.#open++
    return true
  }

  releaseUnnamed(): void {
    this.#open--
  }

  get #isFull(): boolean {
    if (this.#open >= this.mostHere) return true
    return this.#open + this.#elsewhere.open >= this.#settings.connections
  }

  release(address: string): void {
    const key = clientKey(address)
    const left = (this.#perClient.get(key) ?? 1) - 1
    this.#open--
    if (left > 0) this.#perClient.set(key, left)
    else this.#perClient.delete(key)
  }
}

/** One IPv6 client owns a /64 at least (RFC 6177), so that is what is counted. */
export function clientKey(address: string): string {
  if (!isIPv6(address)) return address
  // An IPv4 client of a dual-stack listener is the same as over IPv4.
  const plain = unmapped(address)
  if (plain !== address) return plain
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = groupsOf(head)
  const right = groupsOf(tail ?? '')
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(missing).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')
}

/** An IPv4 address at the end takes the place of two groups (RFC 4291 2.2); which ones does not matter here. */
function groupsOf(part: string): string[] {
  if (part === '') return []
  const groups = part.split(':')
  return part.includes('.') ? [...groups, ''] : groups
}
