/**
 * The passive check: what real traffic meets ejects a server for a while, so that a dead one costs few clients time.
 *
 * A failed connect ejects at once: nothing was sent, another server takes over, and waiting is all it costs. A reset or
 * silence may be the fault of one request (the Internet sends anything), so only several in a row count.
 */

/** What traffic has shown of a server. Kept with its facts. Times are monotonic milliseconds. */
export interface Ejection {
  /** Failures in a row. */
  failures: number
  /** Ejected, and not yet seen to answer again. */
  isOut: boolean
  /** One request is finding out whether it is back; the others wait for that. */
  isOnTrial: boolean
  /** What it was ejected for. */
  cause: TrafficFailure['kind']
  sinceMs: number
  untilMs: number
  /** How long the next one will last. */
  nextMs: number
  /** When `nextMs` changed. */
  changedAtMs: number
  /** It is eased in from then on. */
  returnedAtMs: number
}

export const FIRST_EJECTION_MS = 5_000
export const LONGEST_EJECTION_MS = 300_000

/** So many resets or silences in a row, with no answer between them. */
export const FAILURES_IN_A_ROW = 5

export const noEjection = (): Ejection => ({
  failures: 0,
  isOut: false,
  isOnTrial: false,
  cause: 'connect',
  sinceMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.NEGATIVE_INFINITY,
  nextMs: FIRST_EJECTION_MS,
  changedAtMs: Number.NEGATIVE_INFINITY,
  returnedAtMs: Number.NEGATIVE_INFINITY,
})

export const isEjected = (ejection: Ejection, nowMs: number): boolean => ejection.untilMs > nowMs

export interface TrafficFailure {
  readonly kind: 'connect' | 'answer'
  /** When the attempt began: what began before an ejection is part of the trouble that led to it. */
  readonly startedAtMs: number
  readonly nowMs: number
}

/**
 * Counts a failure.
 * @param isSpared the server is the last usable one of its pool: it is never ejected
 * @returns for how long the server is ejected; undefined: it is not, or it was already
 */
export function recordFailure(
  ejection: Ejection,
  { kind, startedAtMs, nowMs }: TrafficFailure,
  isSpared: () => boolean,
): number | undefined {
  if (startedAtMs < ejection.sinceMs) return undefined
  // It is out already, and was tried only because all others had failed.
  if (isEjected(ejection, nowMs) && !ejection.isOnTrial) return undefined
  ejection.failures += kind === 'connect' ? FAILURES_IN_A_ROW : 1
  if (ejection.failures < FAILURES_IN_A_ROW) return undefined
  if (ejection.isOnTrial) endTrial(ejection, nowMs)
  if (isSpared()) return undefined
  const lengthMs = ejection.nextMs
  ejection.isOut = true
  ejection.cause = kind
  ejection.sinceMs = nowMs
  ejection.untilMs = nowMs + lengthMs
  ejection.nextMs = Math.min(lengthMs * 2, LONGEST_EJECTION_MS)
  ejection.changedAtMs = nowMs
  return lengthMs
}

/**
 * The time of an ejection is over and somebody is about to connect: all others stay away until it is known how that
 * ends, so that a black hole costs one time-out per ejection and not one per client.
 */
export function beginTrial(ejection: Ejection, nowMs: number, connectMs: number): void {
  if (!ejection.isOut || isEjected(ejection, nowMs)) return
  ejection.isOnTrial = true
  ejection.untilMs = nowMs + connectMs
}

/**
 * A new connection stands. That ends a trial, and an ejection that was for failed connects; whether the server answers
 * is another question.
 */
export function recordConnected(ejection: Ejection, nowMs: number): void {
  const isRefuted = ejection.isOut && ejection.cause === 'connect' && isEjected(ejection, nowMs)
  if (!ejection.isOnTrial && !isRefuted) return
  endTrial(ejection, nowMs)
  ejection.returnedAtMs = nowMs
}

function endTrial(ejection: Ejection, nowMs: number): void {
  ejection.isOnTrial = false
  ejection.untilMs = nowMs
}

/**
 * Counts an answer. The next ejection becomes shorter, but not by every answer: a server that fails now and then
 * would never be out for long.
 * @returns true when the server is back with it
 */
export function recordAnswer(ejection: Ejection, nowMs: number): boolean {
  ejection.failures = 0
  if (isEjected(ejection, nowMs)) return false
  if (ejection.isOut) {
    ejection.isOut = false
    ejection.changedAtMs = nowMs
    return true
  }
  if (ejection.nextMs > FIRST_EJECTION_MS && nowMs - ejection.changedAtMs >= ejection.nextMs) {
    ejection.nextMs = Math.max(ejection.nextMs / 2, FIRST_EJECTION_MS)
    ejection.changedAtMs = nowMs
  }
  return false
}

/** Another process of this proxy has ejected the server: what one has learnt, the others need not learn again. */
export function adoptEjection(
  ejection: Ejection,
  { cause, forMs }: { readonly cause: TrafficFailure['kind']; readonly forMs: number },
  nowMs: number,
): void {
  if (ejection.untilMs >= nowMs + forMs) return
  Object.assign(ejection, {
    failures: 0,
    isOut: true,
    isOnTrial: false,
    cause,
    sinceMs: nowMs,
    untilMs: nowMs + forMs,
    nextMs: Math.min(forMs * 2, LONGEST_EJECTION_MS),
    changedAtMs: nowMs,
  })
}

/** Another process has got an answer from it. */
export function adoptReturn(ejection: Ejection, nowMs: number): void {
  if (!ejection.isOut) return
  endEjection(ejection)
  ejection.changedAtMs = nowMs
  ejection.returnedAtMs = nowMs
}

/** An active check has found the server healthy again, which it did not seem before: newer and better knowledge. */
export function endEjection(ejection: Ejection): void {
  ejection.failures = 0
  ejection.isOut = false
  ejection.isOnTrial = false
  ejection.untilMs = Number.NEGATIVE_INFINITY
}
