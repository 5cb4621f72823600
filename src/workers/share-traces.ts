/** Traces over all workers: each one sees its own clients, and one that begins joins. */
import type { TraceRequest } from '../trace/trace-request.ts'
import type { EndTrace, TracedExchange, TraceSink } from '../trace/traces.ts'
import type { WorkerProcess } from './worker-process.ts'

/** A worker that hangs is not waited for. */
const WAIT_MS = 2_000

export class SharedTraces {
  readonly #workers: ReadonlySet<WorkerProcess>
  readonly #running = new Map<
    string,
    { readonly request: TraceRequest; readonly sink: TraceSink }
  >()

  /** @param workers those there are at each moment */
  constructor(workers: ReadonlySet<WorkerProcess>) {
    this.#workers = workers
  }

  /** Resolves when every worker traces; what it resolves to, when every worker has sent what it has. */
  async start(request: TraceRequest, sink: TraceSink): Promise<EndTrace> {
    this.#running.set(request.id, { request, sink })
    await this.#askAll((worker) => worker.ask({ kind: 'trace', request }))
    return async () => {
      await this.#askAll((worker) => worker.ask({ kind: 'trace-end', id: request.id }))
      this.#running.delete(request.id)
    }
  }

  /** A worker begins. */
  join(worker: WorkerProcess): void {
    for (const { request } of this.#running.values()) void worker.ask({ kind: 'trace', request })
  }

  note(id: string, traced: TracedExchange): void {
    this.#running.get(id)?.sink(traced)
  }

  async #askAll(ask: (worker: WorkerProcess) => Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS)
    })
    await Promise.race([Promise.all([...this.#workers].map(ask)), late])
    clearTimeout(timer)
  }
}
