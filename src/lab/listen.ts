/** Binding several ports as one act: all of them, or none. */

import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

/** A server and the port it shall have; 0 lets the system choose. */
export interface PortToBind {
  readonly server: Server
  readonly port: number
}

/** Binds in turn and resolves with the ports. Rejects when one is taken; then the others are closed again. */
export async function listenAll(address: string, wanted: readonly PortToBind[]): Promise<number[]> {
  const bound: number[] = []
  try {
    for (const { server, port } of wanted) {
      server.listen({ host: address, port })
      await once(server, 'listening')
      bound.push((server.address() as AddressInfo).port)
    }
    return bound
  } catch (error) {
    await closeAll(wanted.slice(0, bound.length).map(({ server }) => server))
    throw error
  }
}

/** Stops listening; resolves when the last connection of each is gone. */
export async function closeAll(servers: readonly Server[]): Promise<void> {
  const closed = servers.map((server) => {
    server.close()
    return once(server, 'close')
  })
  await Promise.all(closed)
}
