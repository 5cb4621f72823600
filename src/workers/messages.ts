/** What the primary process and its workers say to each other. Plain data; the order of sending is the order of arrival. */
import type { ChallengeChange } from '../acme/challenge-store.ts'
import type { Staple } from '../certificates/ocsp/staple.ts'
import type { LearntShape } from '../guard/answer-shape.ts'
import type { ConnectionCounts } from '../guard/connection-limits.ts'
import type { Attempt, SignInOutcome, Verdict } from '../guard/gate.ts'
import type { TrafficFailure } from '../pools/ejection.ts'
import type { HealthStatus } from '../pools/server-check.ts'
import type { LookWish } from '../runtime/look-at-traffic.ts'
import type { Material } from '../runtime/material.ts'
import type { OpenPorts, OpenTrouble } from '../runtime/traffic.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import type { TracedExchange } from '../trace/traces.ts'

/** What a check has found out. Moments travel as ages: the monotonic clocks of two processes differ. */
export interface HealthNote {
  /** The key of the check. */
  readonly key: string
  readonly status: HealthStatus
  readonly reason: string | undefined
  /** Milliseconds since it became healthy again; undefined: it was never seen to fail. */
  readonly returnedAgoMs: number | undefined
}

/** What traffic of one process has found out about a server. */
export type EjectionNote =
  | {
      readonly kind: 'ejected'
      /** The key of the server's facts. */
      readonly key: string
      readonly cause: TrafficFailure['kind']
      readonly forMs: number
    }
  | { readonly kind: 'returned'; readonly key: string }

/** What is known, for a worker that begins. */
export interface Knowledge {
  readonly health: readonly HealthNote[]
  readonly ejections: readonly EjectionNote[]
  /** Places that a command drains. */
  readonly drained: readonly string[]
  readonly staples: readonly Staple[]
  /** What wrong passwords are answered with. */
  readonly shapes: readonly LearntShape[]
}

/** What one server does for one worker. */
export interface ServerLoad {
  readonly key: string
  readonly inFlight: number
  readonly pinned: number
}

/** What a worker asks and tells of tries of passwords. It numbers its questions. */
export type SignInNote =
  | { readonly kind: 'enter'; readonly id: number; readonly attempt: Attempt }
  /** Nobody waits for the answer any more. */
  | { readonly kind: 'give-up'; readonly id: number }
  | { readonly kind: 'settle'; readonly id: number; readonly outcome: SignInOutcome }

export interface SignInVerdict {
  readonly id: number
  readonly verdict: Verdict
}

/** The sign of life of a worker, every second and whenever something has changed. */
export interface Pulse {
  readonly connections: ConnectionCounts
  readonly servers: readonly ServerLoad[]
}

/** `ask` numbers those that want an answer. */
export type ToWorker =
  | {
      readonly kind: 'prepare'
      readonly ask: number
      readonly material: Material
    }
  | {
      readonly kind: 'commit'
      readonly ask: number
      /** For a worker that begins; the others have been told one by one. */
      readonly knowledge: Knowledge | undefined
    }
  | { readonly kind: 'discard' | 'leave' | 'collect'; readonly ask: number }
  | { readonly kind: 'trace'; readonly ask: number; readonly request: TraceRequest }
  /** Answered when everything has been sent. */
  | { readonly kind: 'trace-end'; readonly ask: number; readonly id: string }
  | ({ readonly kind: 'look'; readonly ask: number } & LookWish)
  | { readonly kind: 'cut' | 'kill' }
  | { readonly kind: 'health'; readonly note: HealthNote }
  | { readonly kind: 'ejection'; readonly note: EjectionNote }
  | { readonly kind: 'drain'; readonly place: string; readonly isDrained: boolean }
  | { readonly kind: 'challenge'; readonly change: ChallengeChange }
  | { readonly kind: 'staple'; readonly staples: readonly Staple[] }
  | { readonly kind: 'verdicts'; readonly verdicts: readonly SignInVerdict[] }
  | { readonly kind: 'shape'; readonly learnt: LearntShape }
  | { readonly kind: 'elsewhere'; readonly connections: ConnectionCounts }

/** The answer to `prepare`: undefined is success. */
export type PrepareAnswer = OpenTrouble | undefined

/** The answer to `commit`. */
export interface CommitAnswer {
  readonly ports: readonly OpenPorts[]
}

export type FromWorker =
  | { readonly kind: 'answer'; readonly ask: number; readonly value: unknown }
  | { readonly kind: 'pulse'; readonly pulse: Pulse }
  | { readonly kind: 'ejection'; readonly note: EjectionNote }
  | { readonly kind: 'traced'; readonly id: string; readonly traced: TracedExchange }
  | { readonly kind: 'sign-ins'; readonly notes: readonly SignInNote[] }
  | { readonly kind: 'shape'; readonly learnt: LearntShape }
