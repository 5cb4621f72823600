/**
 * Requests at a fixed rate, whether answers come or not. Each is timed from the moment it was meant to be sent, so a proxy
 * that stalls is charged for everybody who had to wait behind the stall (no coordinated omission).
 */
import { quantile } from '../statistics.ts'
import { type BenchClient, openClient, type Target } from './client.ts'

export interface OpenLoop {
  readonly target: Target
  readonly connections: number
  /** Requests a second; 0 sends the next one as soon as there is an answer, to find out how many are possible. */
  readonly rate: number
  readonly ms: number
}

export interface OpenLoopResult {
  readonly requests: number
  readonly errors: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** On each connection, so that none of those timed waits for a connection to the back end to be opened. */
const WARM_REQUESTS = 3

export async function openLoop(given: OpenLoop): Promise<OpenLoopResult> {
  const { target, connections, rate, ms } = given
  const idle = await Promise.all(Array.from({ length: connections }, () => openClient(target)))
  const all = [...idle]
  const due: number[] = []
  const latencies: number[] = []
  const running = new Set<Promise<void>>()
  let errors = 0

  const send = async (client: BenchClient, meantAt: number): Promise<void> => {
    try {
      const { status } = await client.ask('/')
      if (status !== 200) errors += 1
      latencies.push(performance.now() - meantAt)
      const next = due.shift()
      if (next === undefined) idle.push(client)
      else await send(client, next)
    } catch {
      errors += 1
    }
  }
  const start = (meantAt: number): void => {
    const client = idle.pop()
    if (!client) return void due.push(meantAt)
    const exchange = send(client, meantAt).finally(() => running.delete(exchange))
    running.add(exchange)
  }

  for (let time = 0; time < WARM_REQUESTS; time++)
    await Promise.all(all.map((client) => client.ask('/')))

  const begin = performance.now()
  if (rate === 0) {
    await Promise.all(all.map((client) => closedLoop(client, begin + ms, latencies)))
  } else {
    await new Promise<void>((resolve) => {
      let sent = 0
      const timer = setInterval(() => {
        const now = Math.min(performance.now(), begin + ms)
        // Requests are spread evenly; the ones whose time has come since the last tick go out now.
        for (; begin + (sent * 1000) / rate <= now; sent++) start(begin + (sent * 1000) / rate)
        if (now < begin + ms) return
        clearInterval(timer)
        resolve()
      }, 1)
    })
    await Promise.all(running)
  }
  const seconds = (performance.now() - begin) / 1000
  for (const client of all) client.close()
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  return { requests: latencies.length, errors: errors + due.length, seconds, p50, p99 }
}

async function closedLoop(client: BenchClient, end: number, latencies: number[]): Promise<void> {
  for (let now = performance.now(); now < end; ) {
    await client.ask('/')
    const answeredAt = performance.now()
    latencies.push(answeredAt - now)
    now = answeredAt
  }
}
