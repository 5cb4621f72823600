/** `lyncgate run`: the proxy in the foreground, logs on standard output. */
import { parseArgs } from 'node:util'
import { loadRules } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import { createLogger, type Logger } from '../observe/logger.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import { buildSnapshot } from '../runtime/build-snapshot.ts'
import { Runtime } from '../runtime/runtime.ts'
import { formatProblems } from './check.ts'
import type { CommandIo } from './output.ts'

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
  const loaded = await loadRules(file)
  if (!loaded.ok) return refuse(file, loaded.error, io)
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const built = await buildSnapshot(loaded.value, scope)
  if (!built.ok) return refuse(file, [...loaded.value.warnings, ...built.error], io)

  const { rules, warnings } = built.value
  const { logger, flush } = createLogger({ level: rules.log.level })
  for (const { message, where, line } of [...loaded.value.warnings, ...warnings])
    logger.warn({ where, line }, message)
  warnOfFileLimit(rules.limits.connections, logger)
  surviveFaults(logger)
  const started = await Runtime.start(built.value, logger)
  if (!started.ok) {
    await flush()
    io.stderr(`lyncgate run: listener "${started.error.listener}": ${started.error.message}\n`)
    return 1
  }
  const proxy = started.value
  logger.info({ file, listeners: proxy.ports, health: proxy.healthPort, pid: process.pid }, 'ready')
  await stopSignal(proxy, rules.timeouts, logger)
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

/** Resolves when the proxy has stopped. The first signal drains, the second one ends at once. */
function stopSignal(
  proxy: Runtime,
  times: { readonly unreadyMs: number; readonly drainMs: number },
  logger: Logger,
): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) {
        void proxy.kill().then(resolve)
        return
      }
      isStopping = true
      logger.info(
        { signal, connections: proxy.openConnections, drainMs: times.drainMs },
        'draining',
      )
      void proxy.stop(times).then(resolve)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
    // Without a listener the signal would end the process, and with it every conversation.
    process.on('SIGHUP', () =>
      logger.warn('a reload by SIGHUP is not yet supported: nothing has changed'),
    )
  })
}

/** A bug in one exchange must not end thousands of others. */
function surviveFaults(logger: Logger): void {
  process.on('uncaughtException', (error) =>
    logger.error({ err: error }, 'fault outside an exchange'),
  )
  process.on('unhandledRejection', (error) =>
    logger.error({ err: error }, 'fault outside an exchange'),
  )
}

/** Each client connection needs a second one to a server. */
function warnOfFileLimit(connections: number, logger: Logger): void {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean }
  report.excludeNetwork = true // else it looks up the names of all peers
  const limits = (
    report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  ).userLimits
  const soft = Number(limits?.open_files?.soft)
  const needed = connections * 2 + 200
  if (soft < needed) {
    logger.warn(
      { openFiles: soft, needed },
      `limits.connections needs ${needed} open files, the process may have ${soft}: raise ulimit -n`,
    )
  }
}
