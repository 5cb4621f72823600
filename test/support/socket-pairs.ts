/** Connected sockets, and what the other ends of them have received. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export async function socketPairs(t: Test, count: number) {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ours: Socket[] = []
  const received: string[] = []
  for (let at = 0; at < count; at++) {
    const theirs = once(server, 'connection')
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const [peer] = (await theirs) as [Socket]
    received.push('')
    peer.on('data', (bytes) => {
      received[at] += bytes.toString('latin1')
    })
    peer.on('error', () => {})
    peer.resume()
    ours.push(socket)
    t.teardown(() => socket.destroy())
    t.teardown(() => peer.destroy())
  }
  t.teardown(() => server.close())
  return { ours, received, first: ours[0] as Socket }
}
