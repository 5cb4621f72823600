/** What a process says of itself: event loop, memory, open files, versions. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { type MetricJson, metricJson } from './metric-json.ts'
import { countOpenFiles, openFileLimit } from './open-files.ts'

export interface ProcessMetricsSettings {
  /**
   * The place of the process among its like: `primary`, `0`, `1` … A worker that replaces another one has its place,
   * so that restarts make no new series.
   */
  readonly worker: string
  /** Of lyncgate. */
  readonly version: string
}

/** What nobody caught: something thrown, or a promise that was rejected. */
export type FaultKind = 'exception' | 'rejection'

/** Two wake-ups each time, also where nothing else happens: at 20 ms they were half of what an idle proxy costs. */
const RESOLUTION_MS = 50

type LagMonitor = ReturnType<typeof monitorEventLoopDelay>

export class ProcessMetrics {
  readonly #settings: ProcessMetricsSettings
  readonly #faults: Record<FaultKind, number> = { exception: 0, rejection: 0 }
  /**
   * Two of them, of which the older one is read and begun anew with each collection. A monitor loses the interval in
   * which it begins anew, and after a long pause the collection often comes first: the other one has it.
   */
  #monitors: readonly [older: LagMonitor, younger: LagMonitor]

  /** Begins to watch the event loop. */
  constructor(settings: ProcessMetricsSettings) {
    this.#settings = settings
    this.#monitors = [startMonitor(), startMonitor()]
  }

  /** A bug outside every exchange was survived. */
  recordFault(kind: FaultKind): void {
    this.#faults[kind]++
  }

  stop(): void {
    for (const monitor of this.#monitors) monitor.disable()
  }

  collect(): readonly MetricJson[] {
    const { worker, version } = this.#settings
    const { rss, heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const openFds = countOpenFiles()
    const maxFds = openFileLimit()
    const one = (value: number) => [{ labels: { worker }, value }]
    return [
      this.#collectLag(),
      metricJson(
        'lyncgate_faults_total',
        Object.entries(this.#faults).map(([kind, value]) => ({ labels: { worker, kind }, value })),
      ),
      metricJson('lyncgate_process_cpu_seconds_total', one((user + system) / 1e6)),
      metricJson('lyncgate_resident_memory_bytes', one(rss)),
      metricJson('lyncgate_heap_used_bytes', one(heapUsed)),
      metricJson('lyncgate_external_memory_bytes', one(external)),
      metricJson('lyncgate_open_fds', openFds === undefined ? [] : one(openFds)),
      metricJson('lyncgate_max_fds', maxFds === undefined ? [] : one(maxFds)),
      metricJson('lyncgate_process_start_time_seconds', one(performance.timeOrigin / 1000)),
      metricJson('lyncgate_build_info', [
        { labels: { version, node: process.versions.node }, value: 1 },
      ]),
    ]
  }

  #collectLag(): MetricJson {
    const { worker } = this.#settings
    const [older, younger] = this.#monitors
    const statistics = { mean: older.mean, p99: older.percentile(99), max: older.max }
    const isEmpty = older.count === 0
    older.reset()
    this.#monitors = [younger, older]
    return metricJson(
      'lyncgate_event_loop_lag_seconds',
      Object.entries(statistics).map(([statistic, ns]) => ({
        labels: { worker, statistic },
        value: isEmpty ? 0 : lagSeconds(ns),
      })),
    )
  }
}

function startMonitor(): LagMonitor {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  monitor.enable()
  return monitor
}

/** Node measures from one tick to the next: the interval itself is no lag. */
const lagSeconds = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000)
