/** Starts what asks OCSP responders, with the clock, the chance and the timers of the real world. */
import { askResponder } from '../certificates/ocsp/ask-responder.ts'
import type { Staple } from '../certificates/ocsp/staple.ts'
import { Stapling } from '../certificates/ocsp/stapling.ts'
import type { Logger } from '../observe/logger.ts'

/** Asks nobody before `watch`. */
export const startStapling = (
  logger: Logger,
  now: () => Date,
  onChange: (staples: readonly Staple[]) => void,
): Stapling =>
  new Stapling({
    logger,
    now,
    onChange,
    ask: askResponder,
    chance: Math.random,
    after: (ms, act) => {
      const timer = setTimeout(act, ms)
      timer.unref()
      return () => clearTimeout(timer)
    },
  })
