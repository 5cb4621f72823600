/** Starts ACME with the clock, the chance and the timers of the real world. */
import { Acme } from '../acme/acme.ts'
import type { Logger } from '../observe/logger.ts'
import type { Runtime } from './runtime.ts'

/**
 * From now on certificates are obtained for what the configuration in force wants.
 * @param onIssued a certificate was put into the storage: reload
 */
export function startAcme(runtime: Runtime, logger: Logger, onIssued: () => void): Acme {
  const acme = new Acme({
    logger,
    challenges: runtime.traffic.challenges,
    onIssued,
    clock: {
      now: Date.now,
      chance: Math.random,
      after: (ms, act) => {
        const timer = setTimeout(act, ms).unref()
        return () => clearTimeout(timer)
      },
    },
  })
  const follow = (): void => acme.follow(runtime.rules.acme, runtime.built.acmeNames)
  runtime.onAdopted = follow
  follow()
  return acme
}
