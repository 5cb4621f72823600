/** What `lyncgate run` and `lyncgate demo` give to the admin address. */
import { resolve } from 'node:path'
import { adminPort } from '../admin/admin-port.ts'
import type { WorkerRow } from '../admin/scope.ts'
import { tokenDirectories } from '../admin/token-file.ts'
import type { Logger } from '../observe/logger.ts'
import type { ProcessMetrics } from '../observe/metrics/process-metrics.ts'
import { metricsContentType, renderMetrics } from '../observe/metrics/render-metrics.ts'
import { productVersion } from '../observe/product-version.ts'
import type { OwnPortKind } from '../runtime/own-ports.ts'
import type { Reloader } from '../runtime/reload.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { WorkerProcess } from '../workers/worker-process.ts'
import type { WorkerTraffic } from '../workers/worker-traffic.ts'

export interface AdminOfRun {
  readonly adminPort: (runtime: Runtime) => OwnPortKind
  /** Who reloads, once there is somebody. */
  reloadBy(reloader: Reloader): void
}

/** What it runs on. */
export interface AdminSetup {
  /** The rules file. */
  readonly file: string
  readonly logger: Logger
  /** Of this process, the primary one. */
  readonly metrics: ProcessMetrics
  /** Left out: this process serves itself. */
  readonly traffic?: WorkerTraffic
  /** Where a token may go; default those of the product. */
  readonly directories?: readonly string[]
}

export function adminOfRun(setup: AdminSetup): AdminOfRun {
  const { file, logger, metrics, traffic, directories = tokenDirectories() } = setup
  let tell: (reloader: Reloader) => void = () => {}
  let reloader: Reloader | undefined
  const started = new Promise<Reloader>((resolve) => {
    tell = resolve
  })
  const now = (): Date => new Date()
  const startedAt = new Date(now().getTime() - process.uptime() * 1_000)
  const scope = { file: resolve(file), logger, startedAt, now, version: productVersion() }
  return {
    adminPort: (runtime) =>
      adminPort({
        ...scope,
        runtime,
        // Asked for in the moment of the start, it waits for it.
        reload: async () => (await started).reload('command'),
        lastReload: () => reloader?.last,
        metrics: async (accept) => {
          const format = /application\/openmetrics-text/.test(accept) ? 'openmetrics' : 'prometheus'
          const parts = await runtime.collectMetrics()
          const own = [metrics.collect(), reloader?.metrics.collect() ?? []]
          const text = await renderMetrics([...parts, ...own], format)
          return { contentType: metricsContentType[format], text }
        },
        look: (wish) => runtime.traffic.look(wish),
        ...(traffic && { workers: () => traffic.workers.map(describeWorker) }),
        tokenDirectories: directories,
      }),
    reloadBy: (own) => {
      reloader = own
      tell(own)
    },
  }
}

const describeWorker = ({
  number,
  pid,
  isServing,
  isLeaving,
  pulse,
}: WorkerProcess): WorkerRow => ({
  number,
  pid: pid ?? null,
  serving: isServing,
  leaving: isLeaving,
  connections: pulse.connections.open,
})
