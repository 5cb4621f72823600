/** How many client connections may be open, in all, per listener and per client. */

import { isIPv6 } from 'node:net'
import { unmapped } from '../base/unmapped.ts'

/** Connections that are open: all of them, by client, and by the name of the listener where one has a limit. */
export interface ConnectionCounts {
  readonly open: number
  readonly clients: ReadonlyMap<string, number>
  readonly listeners: ReadonlyMap<string, number>
}

/** The limit of one listener. */
export interface ListenerLimit {
  readonly name: string
  /** Undefined: it has none of its own. */
  readonly connections: number | undefined
}

/** Among whose connections one is to go: those of a client as `clientKey` writes it, of a listener, or of anybody. */
export type Among = { readonly client: string } | { readonly listener: string } | 'all'

export interface ConnectionLimitSettings {
  readonly connections: number
  readonly connectionsPerClient: number
}

/** Which limit is reached: that of one client, of one listener, or that of all. */
export type Lack = 'client' | 'listener' | 'all'

/** The part of its limit from which on a client is worth telling others about. */
const WORTH_TELLING = 1 / 16

/** Until a configuration is in force. */
const NONE_ADMITTED: ConnectionLimitSettings = { connections: 0, connectionsPerClient: 0 }

const NOBODY: ConnectionCounts = { open: 0, clients: new Map(), listeners: new Map() }

/**
 * What one listener has open, over all its ports; `ConnectionLimits` alone changes it. Whoever keeps it needs no look-up
 * for each connection.
 */
export interface ListenerShare {
  readonly listener: string
  /** In this process. */
  open: number
  /** In others. */
  elsewhere: number
  /** Infinity: no limit of its own. */
  most: number
}

/** Counts open connections. Bounded by the number of open connections itself: an address without one is forgotten. */
export class ConnectionLimits {
  #settings: ConnectionLimitSettings
  #open = 0
  readonly #perClient = new Map<string, number>()
  /** Of listeners in force, and of others that still have connections. */
  readonly #shares = new Map<string, ListenerShare>()
  #elsewhere = NOBODY
  /** What this process alone can carry, whatever the settings say: its open files have a limit. */
  mostHere = Number.POSITIVE_INFINITY
  /**
   * Asked when a limit is reached: ends a connection that is not in use. False: there is none.
   */
  makeRoom: (among: Among) => boolean = () => false

  constructor(settings = NONE_ADMITTED) {
    this.#settings = settings
  }

  /** Limits of the configuration in force; connections that are open stay. */
  adopt(settings: ConnectionLimitSettings, listeners: readonly ListenerLimit[] = []): void {
    this.#settings = settings
    const names = new Set(listeners.map(({ name }) => name))
    for (const [name, share] of this.#shares) {
      share.most = Number.POSITIVE_INFINITY
      if (share.open === 0 && !names.has(name)) this.#shares.delete(name)
    }
    for (const { name, connections } of listeners)
      this.shareOf(name).most = connections ?? Number.POSITIVE_INFINITY
  }

  /** What the ports of a listener count in. It is the same one for each of them, before and after a reload. */
  shareOf(listener: string): ListenerShare {
    const known = this.#shares.get(listener)
    if (known) return known
    const elsewhere = this.#elsewhere.listeners.get(listener) ?? 0
    const share = { listener, open: 0, elsewhere, most: Number.POSITIVE_INFINITY }
    this.#shares.set(listener, share)
    return share
  }

  get open(): number {
    return this.#open
  }

  /** What other processes of this proxy have; it counts against the same limits. */
  set elsewhere(counts: ConnectionCounts) {
    this.#elsewhere = counts
    for (const [name, share] of this.#shares) share.elsewhere = counts.listeners.get(name) ?? 0
  }

  /**
   * What is open here. Of the clients only those that could come near their limit when other processes have as many, at
   * most `most` of them.
   */
  count(most: number): ConnectionCounts {
    const least = Math.max(1, Math.floor(this.#settings.connectionsPerClient * WORTH_TELLING))
    let many = [...this.#perClient].filter(([, open]) => open >= least)
    if (many.length > most) many = many.sort(([, one], [, other]) => other - one).slice(0, most)
    const limited = [...this.#shares.values()].filter(
      ({ most, open }) => open > 0 && most !== Number.POSITIVE_INFINITY,
    )
    const listeners = new Map(limited.map(({ listener, open }) => [listener, open]))
    return { open: this.#open, clients: new Map(many), listeners }
  }

  /**
   * Asks for one more connection. Every `true` must be given back with `release` under the same address
   * and share.
   * @param address the peer's address, without a port
   */
  admit(address: string): boolean {
    return this.tryToAdmit(address) === undefined
  }

  /** As `admit`; says what is lacking, or undefined for a connection that may come in. */
  tryToAdmit(address: string, share?: ListenerShare): Lack | undefined {
    const key = clientKey(address)
    const lack = this.#lackFor(key, share)
    if (lack) {
      const hasRoom = this.makeRoom(lack === 'client' ? { client: key } : amongOf(share, lack))
      // What was made room for in all may still be too much for this client, or the other way round.
      if (!hasRoom || this.#lackFor(key, share)) return lack
    }
    this.#open++
    if (share) share.open++
    this.#perClient.set(key, this.countOf(key) + 1)
    return undefined
  }

  /** Open connections of a client in this process. @param key as `clientKey` writes it */
  countOf(key: string): number {
    return this.#perClient.get(key) ?? 0
  }

  #lackFor(key: string, share: ListenerShare | undefined): Lack | undefined {
    const ofClient = this.countOf(key) + (this.#elsewhere.clients.get(key) ?? 0)
    // The client first: its own connections are to go, not those of others.
    if (ofClient >= this.#settings.connectionsPerClient) return 'client'
    return this.#lackIn(share)
  }

  /**
   * Asks for a connection whose client is not known yet: a balancer has still to name it. Every `true` must be given
   * back with `releaseUnnamed`, before `admit` is asked for the client.
   */
  admitUnnamed(share?: ListenerShare): boolean {
    const lack = this.#lackIn(share)
    if (lack && !(this.makeRoom(amongOf(share, lack)) && !this.#lackIn(share))) return false
    this.#open++
    if (share) share.open++
    return true
  }

  releaseUnnamed(share?: ListenerShare): void {
    this.#open--
    if (share) share.open--
  }

  /** The listener first: its own connections are to go, not those of others. */
  #lackIn(share: ListenerShare | undefined): 'listener' | 'all' | undefined {
    if (share && share.open + share.elsewhere >= share.most) return 'listener'
    return this.#isFull ? 'all' : undefined
  }

  get #isFull(): boolean {
    if (this.#open >= this.mostHere) return true
    return this.#open + this.#elsewhere.open >= this.#settings.connections
  }

  release(address: string, share?: ListenerShare): void {
    if (share) share.open--
    const key = clientKey(address)
    const left = (this.#perClient.get(key) ?? 1) - 1
    this.#open--
    if (left > 0) this.#perClient.set(key, left)
    else this.#perClient.delete(key)
  }
}

const amongOf = (share: ListenerShare | undefined, lack: 'listener' | 'all'): Among =>
  share && lack === 'listener' ? { listener: share.listener } : 'all'

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
