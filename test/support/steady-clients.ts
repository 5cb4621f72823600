/** Clients that ask again and again, and count what became of every request. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { connectRaw, type RawClient, type RawClientTarget } from '../../src/lab/raw-client.ts'
import { HOST } from './lab-proxy.ts'

export interface SteadyClients {
  /** Requests of which at least a byte was written. */
  readonly sent: number
  /** Answers with 200 that came to their end. */
  readonly answered: number
  readonly connections: number
  /** What became of the others, and of connections that could not be opened. */
  readonly lost: readonly string[]
  /** Lets running requests end. */
  stop(): Promise<void>
}

/**
 * Each client has one connection and an address of its own, 127.0.1.1 and so on. It opens another one when the old one was ended
 * between two requests, or by `Connection: close`; what it has sent it never sends again.
 * @param pauseMs the longest pause between two requests; there are all lengths
 */
export function startSteadyClients(
  t: Test,
  target: RawClientTarget,
  { count = 20, pauseMs = 10 } = {},
): SteadyClients {
  const own = { sent: 0, answered: 0, connections: 0, lost: [] as string[] }
  let isOver = false
  const run = async (index: number): Promise<void> => {
    let connection: Connection | undefined
    for (let n = 0; !isOver; n++) {
      if (!connection || connection.hasEnded()) {
        connection = await open({ ...target, localAddress: `127.0.1.${index + 1}` }).catch(
          (error: Error) => void own.lost.push(`connecting: ${error.message}`),
        )
        if (!connection) continue
        own.connections++
        if (connection.hasEnded()) continue
      }
      own.sent++
      const { client } = connection
      const answer = await client.request(`GET /steady/${index}/${n}`, [HOST]).catch(String)
      if (typeof answer !== 'string' && answer.status === 200) own.answered++
      else own.lost.push(typeof answer === 'string' ? answer : `status ${answer.status}`)
      if (typeof answer === 'string' || answer.header('Connection') === 'close') {
        client.close()
        connection = undefined
      }
      await sleep(Math.random() * pauseMs)
    }
    connection?.client.close()
  }
  const running = Promise.all(Array.from({ length: count }, (_, index) => run(index)))
  const stop = async (): Promise<void> => {
    isOver = true
    await running
  }
  t.teardown(stop)
  return Object.assign(own, { stop })
}

interface Connection {
  readonly client: RawClient
  hasEnded(): boolean
}

async function open(target: RawClientTarget): Promise<Connection> {
  const client = await connectRaw(target)
  let hasEnded = client.socket.readableEnded || client.socket.destroyed
  for (const event of ['end', 'close']) {
    client.socket.on(event, () => {
      hasEnded = true
    })
  }
  return { client, hasEnded: () => hasEnded }
}
