/** `lyncgate run`: the proxy in the foreground, logs on standard output. */
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Problem } from '../config/problem.ts'
import { adoptLogRule, createLogger, type Logger } from '../observe/logger.ts'
import { ProcessMetrics } from '../observe/metrics/process-metrics.ts'
import { productVersion } from '../observe/product-version.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import type { Assembled } from '../runtime/assemble.ts'
import { loadConfiguration } from '../runtime/load-configuration.ts'
import { logProblems, Reloader } from '../runtime/reload.ts'
import { Runtime } from '../runtime/runtime.ts'
import { startAcme } from '../runtime/start-acme.ts'
import { workerFlags } from '../workers/worker-flags.ts'
import type { WorkerEntry } from '../workers/worker-process.ts'
import { WorkerTraffic } from '../workers/worker-traffic.ts'
import { adminOfRun } from './admin-of-run.ts'
import { formatProblems } from './check.ts'
import type { CommandIo } from './output.ts'
import { refuseDebugger } from './refuse-debugger.ts'
import { surviveFaults } from './survive-faults.ts'
import { warnOfSurroundings } from './warn-of-surroundings.ts'
import { SHARES_PORTS, WORKER_COMMAND } from './worker.ts'

export const runUsage = 'usage: lyncgate run [--config FILE]\n'

/** Where the container image and packages put the file. */
export const DEFAULT_CONFIG = '/etc/lyncgate/lyncgate.yaml'

/** How long what is left (a log that nobody reads) may keep the process. */
const EXIT_MS = 1_000

/** Resolves to the exit code: 0 stopped by a signal, 1 the file or a port cannot be used, 2 the call was wrong. */
export async function runProxy(args: readonly string[], io: CommandIo): Promise<number> {
  const file = readCall(args)
  if (typeof file !== 'string') {
    io.stderr(`lyncgate run: ${file.wrong}\n${runUsage}`)
    return 2
  }
  refuseDebugger()
  const hangUp = listenForHangUp()
  const signals = listenForEnd()
  const registry = new ServerRegistry()
  const loaded = await loadConfiguration(file, { registry, revision: 1, now: new Date() })
  if (!loaded.ok) return refuse(file, loaded.error.problems, io)

  const { built, digest, warnings } = loaded.value
  const { logger, flush } = createLogger({ level: built.rules.log.level })
  adoptLogRule(logger, built.rules.log)
  logProblems(logger, file, warnings)
  warnOfSurroundings(built.rules.limits.connections, logger)
  const metrics = new ProcessMetrics({ worker: 'primary', version: productVersion() })
  surviveFaults(logger, metrics)
  const traffic = new WorkerTraffic({ logger, entry: workerEntry(), countOf: workerCount })
  const admin = adminOfRun({ file, logger, metrics, traffic })
  const started = await Runtime.start(built, logger, { traffic, adminPort: admin.adminPort })
  if (!started.ok) {
    await flush()
    io.stderr(`lyncgate run: listener "${started.error.listener}": ${started.error.message}\n`)
    return 1
  }
  const runtime = started.value
  const now = (): Date => new Date()
  const reloader = await Reloader.start({ file, runtime, registry, logger, now }, digest)
  const acme = startAcme(runtime, logger, () => void reloader.reload('acme'))
  let acmeStopped = Promise.resolve()
  admin.reloadBy(reloader)
  const stopped = new Promise<void>((resolve) => {
    signals.begin(
      stopper({ runtime, logger, resolve }, () => {
        reloader.stop()
        acmeStopped = acme.stop()
      }),
    )
  })
  hangUp.begin(() => void reloader.reload('signal'))
  const { ports: listeners, healthPort: health, adminPort } = runtime
  logger.info({ file, listeners, health, admin: adminPort, pid: process.pid }, 'ready')
  await stopped
  // A storage that hangs must not keep the process.
  await Promise.race([acmeStopped, sleep(EXIT_MS, undefined, { ref: false })])
  logger.info('stopped')
  await flush()
  // Lines that nobody takes must not keep the process.
  setTimeout(() => process.exit(), EXIT_MS).unref()
  return 0
}

function readCall(args: readonly string[]): string | { wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c' } },
    })
    return values.config ?? DEFAULT_CONFIG
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}

function refuse(file: string, problems: readonly Problem[], io: CommandIo): number {
  io.stderr(formatProblems(file, problems, io))
  return 1
}

/**
 * SIGHUP from the first moment on: without a listener it would end the process, and with it every conversation. One that
 * comes before the proxy runs is not forgotten.
 */
function listenForHangUp(): { begin(reload: () => void): void } {
  let hasCome = false
  let onSignal = (): void => {
    hasCome = true
  }
  process.on('SIGHUP', () => onSignal())
  return {
    begin: (reload) => {
      onSignal = reload
      if (hasCome) reload()
    },
  }
}

/** SIGTERM and SIGINT from the first moment on: process 1 of a container would not hear them at all. */
function listenForEnd(): { begin(stop: (signal: NodeJS.Signals) => void): void } {
  let early: NodeJS.Signals | undefined
  let onSignal = (signal: NodeJS.Signals): void => {
    early = signal
  }
  process.on('SIGTERM', (signal) => onSignal(signal))
  process.on('SIGINT', (signal) => onSignal(signal))
  return {
    begin: (stop) => {
      onSignal = stop
      if (early) stop(early)
    },
  }
}

interface Stopping {
  readonly runtime: Runtime
  readonly logger: Logger
  /** The proxy has stopped. */
  readonly resolve: () => void
}

/** The first signal drains, the second one ends at once. @param onFirst ends what only prepares for later */
function stopper({ runtime, logger, resolve }: Stopping, onFirst: () => void) {
  let isStopping = false
  return (signal: NodeJS.Signals): void => {
    if (isStopping) {
      void runtime.kill().then(resolve)
      return
    }
    isStopping = true
    onFirst()
    const { timeouts } = runtime.rules
    logger.info(
      { signal, connections: runtime.openConnections, drainMs: timeouts.drainMs },
      'draining',
    )
    void runtime.stop(timeouts).then(resolve)
  }
}

/** The same program again. */
const workerEntry = (): WorkerEntry => ({
  script: process.argv[1] ?? '',
  args: [WORKER_COMMAND],
  flags: workerFlags,
})

function workerCount({ rules }: Assembled): number {
  if (!SHARES_PORTS) return 1
  return rules.workers === 'auto' ? availableParallelism() : rules.workers
}
