/** ACME in the test's own process, with a clock that runs as fast as there is something to do. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Acme, acmeTimes } from '../../src/acme/acme.ts'
import { ChallengeStore } from '../../src/acme/challenge-store.ts'
import type { AcmeRule } from '../../src/config/rules.ts'
import { collectLog, type LogLine } from './collected-log.ts'
import type { FakeAuthority } from './fake-authority.ts'

export interface FakeClock {
  /** Milliseconds since 1970. */
  now(): number
  after(ms: number, act: () => void): () => void
  chance(): number
  /** Lets time pass until it is true. Throws when that does not come within the real time of a test. */
  until(isTrue: () => boolean): Promise<void>
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
}

/** Time goes on from timer to timer. */
export function fakeClock(startAt: number): FakeClock {
  const timers = new Set<{ readonly at: number; readonly act: () => void }>()
  let now = startAt
  const until = async (isTrue: () => boolean): Promise<void> => {
    const giveUpAt = Date.now() + 60_000
    while (!isTrue()) {
      if (Date.now() > giveUpAt) throw new Error('waited in vain')
      const [next] = [...timers].sort((one, other) => one.at - other.at)
      if (next) {
        timers.delete(next)
        now = Math.max(now, next.at)
        next.act()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    now: () => now,
    chance: () => 0.5,
    after: (ms, act) => {
      const timer = { at: now + ms, act }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    until,
    pass: async (ms) => {
      const end = now + ms
      await until(() => now >= end)
    },
  }
}

export type AcmeLogLine = LogLine & {
  readonly type?: string
  readonly detail?: string
  readonly hint?: string
  readonly nextTry?: string
  readonly renewal?: string
}

export interface AcmeWorld {
  readonly acme: Acme
  readonly clock: FakeClock
  readonly challenges: ChallengeStore
  readonly storage: string
  readonly rule: AcmeRule
  readonly lines: readonly AcmeLogLine[]
  readonly issued: () => number
  count(msg: string): number
}

export interface AcmeWorldOptions {
  readonly authority: FakeAuthority
  readonly directory: string
  readonly rule?: Partial<AcmeRule>
  readonly profile?: string
  readonly clock?: FakeClock
  /** How coarse time is; default a minute. */
  readonly tickMs?: number
}

/** Starts it without names; `acme.follow(rule, names)` begins. Ends it with the test. */
export async function startAcmeWorld(t: Test, options: AcmeWorldOptions): Promise<AcmeWorld> {
  const { authority, directory, clock = fakeClock(Date.now()), profile, tickMs = 60_000 } = options
  const caFile = join(directory, 'authority-root.pem')
  await writeFile(caFile, authority.root)
  authority.now = clock.now
  const rule: AcmeRule = {
    authorities: [{ directory: authority.url, caFile, eab: undefined, profile }],
    contact: 'admin@contoso.com',
    storage: join(directory, 'acme'),
    agreesToTerms: false,
    keyType: 'ecdsa',
    ...options.rule,
  }
  const { logger, lines } = collectLog('debug')
  const challenges = new ChallengeStore()
  let issued = 0
  const acme = new Acme({
    logger,
    clock,
    challenges,
    onIssued: () => {
      issued++
    },
    times: { ...acmeTimes, tickMs, lookMs: Math.max(tickMs, acmeTimes.lookMs) },
  })
  t.teardown(() => acme.stop())
  return {
    acme,
    clock,
    challenges,
    storage: rule.storage,
    rule,
    lines,
    issued: () => issued,
    count: (msg) => lines.filter((line) => line.msg === msg).length,
  }
}
