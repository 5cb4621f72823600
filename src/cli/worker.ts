/** A worker process of `lyncgate run`. Nobody starts it by hand. */
import { createLogger } from '../observe/logger.ts'
import { ProcessMetrics } from '../observe/metrics/process-metrics.ts'
import { productVersion } from '../observe/product-version.ts'
import type { FromWorker, ToWorker } from '../workers/messages.ts'
import { Worker } from '../workers/serve.ts'
import type { CommandIo } from './output.ts'
import { refuseDebugger } from './refuse-debugger.ts'
import { surviveFaults } from './survive-faults.ts'

/** The name of the command that workers are started with. */
export const WORKER_COMMAND = 'worker'

/**
 * Workers open each port together and the kernel shares out the connections. Only Linux does that; elsewhere there is one
 * worker.
 */
export const SHARES_PORTS = process.platform === 'linux'

/** Serves until the primary process ends it. @param args its number and its place */
export async function runWorker(
  [number, place]: readonly string[],
  io: CommandIo,
): Promise<number> {
  const { send } = process
  if (!send) {
    io.stderr('lyncgate worker: this is a part of "lyncgate run", which starts it itself\n')
    return 2
  }
  refuseDebugger()
  // The primary decides when to end: a terminal and some service managers signal every process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const worker = Number(number)
  const { logger, flush } = createLogger({ level: 'info', worker })
  const metrics = new ProcessMetrics({ worker: String(place), version: productVersion() })
  surviveFaults(logger, metrics)
  await new Promise<void>((end) => {
    const own = new Worker({
      logger,
      sharesPorts: SHARES_PORTS,
      collectProcess: () => metrics.collect(),
      // A primary that has gone is noticed by `disconnect`.
      send: (message: FromWorker) =>
        void (process.connected && send.call(process, message, () => {})),
      end,
    })
    process.on('message', (message) => {
      own.onMessage(message as ToWorker).catch((error: unknown) => {
        // The primary would wait for an answer for ever. A worker that ends is replaced.
        logger.error({ err: error }, 'fault in the worker')
        void flush().then(() => process.exit(1))
      })
    })
    process.once('disconnect', () => own.onPrimaryGone())
    if (!process.connected) void own.onPrimaryGone()
  })
  await flush()
  process.exit(0)
}
