/** Traces that administrators have asked for: each is an answer that goes on, a line of JSON for each thing seen. */
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Logger } from '../observe/logger.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import { traceLimits } from '../trace/trace-request.ts'
import type { EndTrace, TracedExchange, TraceSink } from '../trace/traces.ts'

/** Why a trace has ended. */
export type TraceEnd = 'time' | 'exchanges' | 'bytes' | 'command' | 'gone'

/** A line of `POST /api/traces`. */
export type TraceLine =
  | { readonly kind: 'begin'; readonly id: string; readonly client: string; readonly until: string }
  | { readonly kind: 'exchange'; readonly entries: readonly object[] }
  | {
      readonly kind: 'state'
      readonly exchanges: number
      readonly bytes: number
      readonly dropped: number
      readonly leftMs: number
    }
  | {
      readonly kind: 'end'
      readonly why: TraceEnd
      readonly exchanges: number
      readonly dropped: number
    }

export interface TracingScope {
  readonly runtime: {
    readonly trace: (request: TraceRequest, sink: TraceSink) => Promise<EndTrace>
  }
  readonly logger: Logger
  readonly now: () => Date
}

interface Run {
  end(why: TraceEnd): void
}

const STATE_MS = 1_000

/** What whoever asked has not read yet. Beyond it exchanges are left out, and counted. */
const MAX_QUEUED = 16 * 2 ** 20

export class RunningTraces {
  readonly #scope: TracingScope
  readonly #running = new Map<string, Run>()

  constructor(scope: TracingScope) {
    this.#scope = scope
  }

  get isFull(): boolean {
    return this.#running.size >= traceLimits.traces
  }

  /** The answer. It ends by itself, and the trace ends with it when nobody reads it any more. */
  start(wanted: Omit<TraceRequest, 'id'>, peer: string): Readable {
    const { logger, now, runtime } = this.#scope
    const id = randomBytes(9).toString('base64url')
    const request: TraceRequest = { ...wanted, id }
    const untilMs = now().getTime() + wanted.forMs
    const counts = { exchanges: 0, bytes: 0, dropped: 0 }
    const stream = new Readable({ read: () => {} })
    const say = (line: Exclude<TraceLine, { kind: 'exchange' }>): void =>
      void stream.push(`${JSON.stringify(line)}\n`)

    const onTraced = (traced: TracedExchange): void => {
      const size = traced.reduce((sum, text) => sum + text.length, 0)
      if (counts.exchanges >= request.maxExchanges) return run.end('exchanges')
      if (counts.bytes + size > request.maxBytes) return run.end('bytes')
      if (stream.readableLength + size > MAX_QUEUED) {
        counts.dropped++
        return
      }
      counts.exchanges++
      counts.bytes += size
      stream.push(`{"kind":"exchange","entries":[${traced.join(',')}]}\n`)
    }

    let isEnding = false
    const run: Run = {
      end: (why) => {
        if (isEnding) return
        isEnding = true
        clearInterval(ticks)
        clearTimeout(timer)
        void started.then(async (stop) => {
          await stop()
          this.#running.delete(id)
          logger.info({ trace: id, why, ...counts }, 'trace ends')
          if (stream.destroyed) return
          say({ kind: 'end', why, exchanges: counts.exchanges, dropped: counts.dropped })
          stream.push(null)
        })
      },
    }
    this.#running.set(id, run)
    const { client, host, rule, bodies, forMs } = request
    const started = runtime.trace(request, onTraced)
    void started.then(() => {
      logger.info({ peer, trace: id, client, host, rule, bodies, forMs }, 'trace begins')
      if (!isEnding) say({ kind: 'begin', id, client, until: new Date(untilMs).toISOString() })
    })
    const timer = setTimeout(() => run.end('time'), forMs)
    const ticks = setInterval(
      () => say({ kind: 'state', ...counts, leftMs: Math.max(0, untilMs - now().getTime()) }),
      STATE_MS,
    )
    stream.once('close', () => run.end('gone'))
    return stream
  }

  /** False: there is none of this id. */
  stop(id: string): boolean {
    const run = this.#running.get(id)
    run?.end('command')
    return run !== undefined
  }
}
