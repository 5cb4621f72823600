/** The open TCP connections of one lab server, numbered, and what is known about each. */

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { LabConnection } from './exchange.ts'

/** The connections of one server. */
export interface Connections {
  /** Numbers a connection that will speak HTTP. */
  add(socket: Socket): void
  /** Keeps a connection only to close it with the lab: SIP, or TLS that is not yet established. */
  addSilent(socket: Socket): void
  /** The entry of a numbered connection; throws for any other socket. */
  of(socket: Socket): LabConnection
  openCount(): number
  acceptedCount(): number
  destroyAll(): void
}

/** Starts with no connection. `nextId` numbers them, unique in the whole lab. */
export function createConnections(nextId: () => number): Connections {
  const open = new Map<Socket, LabConnection>()
  const silent = new Set<Socket>()
  let accepted = 0

  function add(socket: Socket): void {
    accepted += 1
    open.set(socket, {
      id: nextId(),
      socket,
      secure: socket instanceof TLSSocket,
      requestCount: 0,
      isDropped: false,
      user: undefined,
      challenge: undefined,
    })
    socket.on('close', () => open.delete(socket))
  }

  function addSilent(socket: Socket): void {
    silent.add(socket)
    // Nobody else listens here, and a client that resets its connection is nothing to fail for.
    socket.on('error', () => {})
    socket.on('close', () => silent.delete(socket))
  }

  function of(socket: Socket): LabConnection {
    const connection = open.get(socket)
    if (!connection) throw new Error('a request came from a connection that was never announced')
    return connection
  }

  function destroyAll(): void {
    for (const connection of open.values()) connection.isDropped = true
    for (const socket of [...open.keys(), ...silent]) socket.destroy()
  }

  return {
    add,
    addSilent,
    of,
    openCount: () => open.size,
    acceptedCount: () => accepted,
    destroyAll,
  }
}
