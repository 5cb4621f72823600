/** The desk of this process: told by configurations what counts, and telling the log whom it blocks. */
import type { BlockEvent } from '../guard/blocks.ts'
import { type RedisSettings, RedisStore } from '../guard/redis-store.ts'
import { SharedGate } from '../guard/shared-gate.ts'
import { SignInDesk } from '../guard/sign-in-desk.ts'
import type { Logger } from '../observe/logger.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import { createSeldom } from '../observe/seldom.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { Assembled } from './assemble.ts'
import { deskSettings } from './build-guard.ts'
import { collectDesk } from './collect-desk.ts'
import { after } from './start-active-checks.ts'

/** How late the end of a block is noticed for people; for sign-ins it ends in time. */
const SWEEP_MS = 1_000

/** Lines about blocks within ten seconds; what is beyond is told in one. */
const MOST_LINES = 50
const PERIOD_MS = 10_000

export interface RunningDesk {
  readonly desk: SignInDesk
  /** Where sign-ins are asked for. */
  readonly gate: SharedGate
  /** A configuration is in force. */
  adopt(next: Pick<Assembled, 'rules' | 'sharedCounts'>): void
  collect(): readonly MetricJson[]
  stop(): void
}

export function startDesk(logger: Logger): RunningDesk {
  let showsNames = true
  const log = blockLog(logger, () => showsNames)
  const desk = new SignInDesk({ now: monotonicNow, onEvent: log.note, after })
  let sincePeriodMs = 0
  const timer = setInterval(() => {
    desk.blocks.sweep(monotonicNow())
    sincePeriodMs += SWEEP_MS
    if (sincePeriodMs < PERIOD_MS) return
    sincePeriodMs = 0
    log.endPeriod()
  }, SWEEP_MS)
  timer.unref()
  const gate = new SharedGate(desk)
  const share = shareCounts(gate, logger)
  return {
    desk,
    gate,
    adopt: ({ rules: { signInGuard }, sharedCounts }) => {
      showsNames = signInGuard.logNames
      desk.adopt(deskSettings(signInGuard))
      share(sharedCounts)
    },
    collect: () => collectDesk(desk, gate.store),
    stop: () => {
      clearInterval(timer)
      gate.store?.close()
    },
  }
}

/** Opens and closes the store as configurations want it. */
function shareCounts(gate: SharedGate, logger: Logger) {
  const seldom = createSeldom(monotonicNow)
  let current = ''
  const events = {
    onUp: (): void => logger.info('sign-ins are shared'),
    onDown: (reason: string): void =>
      seldom((unsaid) => logger.warn({ reason, unsaid }, 'sign-ins are not shared')),
  }
  return (settings: RedisSettings | undefined): void => {
    const wanted = JSON.stringify(settings ?? null)
    if (wanted === current) return
    current = wanted
    gate.store?.close()
    gate.store = settings && new RedisStore(settings, events, monotonicNow)
  }
}

function blockLog(logger: Logger, showsNames: () => boolean) {
  let lines = 0
  let unsaid = 0
  return {
    note: (event: BlockEvent): void => {
      if (lines >= MOST_LINES) {
        unsaid++
        return
      }
      lines++
      logBlock(logger, event, showsNames())
    },
    endPeriod: (): void => {
      if (unsaid > 0) logger.warn({ unsaid }, 'more blocks than are logged')
      lines = 0
      unsaid = 0
    },
  }
}

function logBlock(logger: Logger, event: BlockEvent, showsNames: boolean): void {
  const { name, kind, failures, untilMs, sinceMs, isForFamiliar } = event.block
  const user = showsNames ? name : '***'
  const blockMs = untilMs - sinceMs
  const familiar = isForFamiliar
  if (event.kind === 'begun') {
    if (kind === 'user') logger.warn({ user, failures, blockMs, familiar }, 'user blocked')
    else logger.warn({ client: name, failures, blockMs }, 'client blocked')
    return
  }
  const { cause } = event
  if (kind === 'user') logger.info({ user, cause }, 'user no longer blocked')
  else logger.info({ client: name, cause }, 'client no longer blocked')
}
