/** All connections of all streams of this process. Configurations come and go; what stands here stays. */
import type { Socket } from 'node:net'
import type { EjectionEvent } from '../forward/passive-check.ts'
import { ConnectionLimits } from '../guard/connection-limits.ts'
import type { Logger } from '../observe/logger.ts'
import { createSeldom } from '../observe/seldom.ts'
import type { StreamRecord } from '../observe/stream-log.ts'
import type { Stream } from './stream.ts'
import { StreamConnection } from './stream-connection.ts'
import { noStreamCounts, type StreamCounts, type StreamOutcome } from './stream-outcome.ts'

export interface StreamsScope {
  readonly logger: Logger
  /** Those of the whole process. */
  readonly limits: ConnectionLimits
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly nextId: () => string
  /** Asked once per connection; undefined: connections are not logged. */
  readonly log: () => ((record: StreamRecord) => void) | undefined
  readonly onEjection: (event: EjectionEvent) => void
}

/** What outlives a configuration of a stream. */
interface Standing {
  readonly limits: ConnectionLimits
  readonly counts: StreamCounts
  readonly saySeldom: (say: (unsaid: number) => void) => void
}

export class Streams {
  readonly #scope: StreamsScope
  readonly #connections = new Set<StreamConnection>()
  /** By the name of the stream. */
  readonly #standing = new Map<string, Standing>()

  constructor(scope: StreamsScope) {
    this.#scope = scope
  }

  /** Connections at the moment. */
  get open(): number {
    return this.#connections.size
  }

  /** By the name of the stream: those in force, and those that still have connections. */
  get counts(): ReadonlyMap<string, StreamCounts> {
    return new Map([...this.#standing].map(([name, { counts }]) => [name, counts]))
  }

  /** These are in force. Connections of others go on until they end. */
  adopt(streams: Iterable<Stream>): void {
    const names = new Set<string>()
    for (const { name, limits } of streams) {
      names.add(name)
      this.#standingOf(name).limits.adopt(limits)
    }
    for (const [name, { counts }] of this.#standing)
      if (!names.has(name) && counts.open === 0) this.#standing.delete(name)
  }

  /**
   * Takes a connection.
   * @param address of the client, IPv4-mapped IPv6 written as IPv4
   */
  take(stream: Stream, client: Socket, address: string): void {
    const standing = this.#standingOf(stream.name)
    const refusal = this.#admit(stream, standing, address)
    if (refusal) {
      standing.counts.outcomes[refusal]++
      client.on('error', () => {})
      client.resetAndDestroy()
      standing.saySeldom((unsaid) =>
        this.#scope.logger.warn(
          { stream: stream.name, client: address, outcome: refusal, unsaid },
          'stream refused',
        ),
      )
      return
    }
    standing.counts.open++
    const { nextId, now, log, onEjection } = this.#scope
    const connection = new StreamConnection(stream, client, address, {
      id: nextId(),
      now,
      log: log(),
      onEjection,
      onOver: (outcome, { fromClient, toClient }) => {
        this.#connections.delete(connection)
        this.#scope.limits.release(address)
        standing.limits.release(address)
        standing.counts.open--
        standing.counts.outcomes[outcome]++
        standing.counts.bytesFromClients += fromClient
        standing.counts.bytesToClients += toClient
      },
    })
    this.#connections.add(connection)
    connection.begin()
  }

  /** What still runs gets an end in good order. */
  cut(): void {
    for (const connection of [...this.#connections]) connection.stop()
  }

  /** Ends everything now. */
  kill(): void {
    for (const connection of [...this.#connections]) connection.kill()
  }

  /** Undefined: it may come in, and is counted. */
  #admit(stream: Stream, { limits }: Standing, address: string): StreamOutcome | undefined {
    if (!stream.isAllowed(address)) return 'client-not-allowed'
    if (!limits.admit(address)) return 'client-limit'
    if (this.#scope.limits.admit(address)) return undefined
    limits.release(address)
    return 'client-limit'
  }

  #standingOf(name: string): Standing {
    const known = this.#standing.get(name)
    if (known) return known
    const standing: Standing = {
      limits: new ConnectionLimits(),
      counts: noStreamCounts(),
      saySeldom: createSeldom(this.#scope.now),
    }
    this.#standing.set(name, standing)
    return standing
  }
}
