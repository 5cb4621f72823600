/**
 * What users cost, by arithmetic from measured costs. What a user does is assumed, and each assumption says where it comes
 * from; what it costs is measured.
 */
import { type Run, roundsOf } from './results.ts'
import { median } from './statistics.ts'

/** What one mobile user does. All figures are upper ends of what the documents and a busy office suggest. */
export const model = {
  /** One for the pending GET, half of the users have a second one open for everything else. */
  connectionsPerUser: 1.5,
  /** The server answers an empty pending GET after 900 s, that is 4 an hour; an event every 5 minutes makes 12. */
  renewalsPerHour: 12,
  /** A sign of activity every 4 minutes, and as much again for presence, messages, lists. */
  requestsPerHour: 30,
  /** Phones change networks: each opens its connections anew twice an hour. */
  reconnectsPerHour: 2,
  /** At a full hour so many of all users join a meeting within these minutes. */
  joiningShare: 0.1,
  joiningMinutes: 5,
  /** Page, scripts, sign-in of the meeting, batches: small ones, and some of 64 KB. */
  requestsPerJoin: 30,
  largeAnswersPerJoin: 10,
  /** After an outage all users come back within these minutes. */
  stormMinutes: 10,
  /** Autodiscover (3), web ticket (2) with the legs of NTLM, application, first batch, own presence, contacts. */
  requestsPerSignIn: 15,
  /** How much of a core may be in use in steady operation with meetings; the rest is for bursts. */
  steadyCeiling: 0.6,
  /** The same while everybody comes back. */
  stormCeiling: 0.85,
} as const

/** CPU in microseconds, memory in bytes. */
export interface Costs {
  readonly request: number
  readonly renewal: number
  readonly fullConnection: number
  readonly resumedConnection: number
  readonly signIn: number
  readonly largeAnswer: number
  readonly bytesPerConnection: number
  readonly baseBytes: number
  /** Share of a core for each connection while nothing happens. */
  readonly idleShare: number
}

/** The measured costs of lyncgate; undefined when the run left out a row that is needed. */
export function costsOf(run: Run): Costs | undefined {
  const of = (key: string): number => median(roundsOf(run, key, 'lyncgate') ?? [])
  const costs: Costs = {
    request: of('small-tls'),
    renewal: of('polls-renew'),
    fullConnection: of('connect-full'),
    resumedConnection: of('connect-resumed'),
    signIn: of('ntlm'),
    largeAnswer: of('down-64k'),
    bytesPerConnection: of('polls-memory') * 1000,
    baseBytes: of('polls-base') * 1000,
    // What the processes do without a connection is not theirs.
    idleShare: Math.max(0, of('polls-idle') - of('polls-idle-before')) / 100 / run.facts.polls,
  }
  return Object.values(costs).every(Number.isFinite) ? costs : undefined
}

export interface Load {
  readonly users: number
  readonly connections: number
  /** Cores in use: steady, steady with the meetings of a full hour, and while everybody comes back. */
  readonly steadyCores: number
  readonly meetingCores: number
  readonly stormCores: number
  /** Cores, and so workers, that keep below the ceilings. */
  readonly workers: number
  readonly memoryBytes: number
  /** One towards the client, one towards the server. */
  readonly fileDescriptors: number
}

export function loadOf(users: number, costs: Costs): Load {
  const perHour = (us: number): number => us / 1e6 / 3600
  const connections = users * model.connectionsPerUser
  const steadyCores =
    users *
      perHour(
        model.renewalsPerHour * costs.renewal +
          model.requestsPerHour * costs.request +
          model.reconnectsPerHour * model.connectionsPerUser * costs.resumedConnection,
      ) +
    connections * costs.idleShare
  const join =
    costs.signIn +
    model.requestsPerJoin * costs.request +
    model.largeAnswersPerJoin * costs.largeAnswer
  const joins = (users * model.joiningShare) / (model.joiningMinutes * 60)
  const meetingCores = steadyCores + (joins * join) / 1e6
  // Nobody can resume a session: after an outage the keys of the tickets may be new.
  const comeBack =
    model.connectionsPerUser * costs.fullConnection +
    costs.signIn +
    model.requestsPerSignIn * costs.request
  const stormCores = (users / (model.stormMinutes * 60)) * (comeBack / 1e6)
  const workers = Math.max(
    1,
    Math.ceil(meetingCores / model.steadyCeiling),
    Math.ceil(stormCores / model.stormCeiling),
  )
  return {
    users,
    connections,
    steadyCores,
    meetingCores,
    stormCores,
    workers,
    memoryBytes:
      connections * costs.bytesPerConnection +
      (workers * costs.baseBytes) / 2 +
      costs.baseBytes / 2,
    fileDescriptors: connections * 2,
  }
}

/** Users that so many cores carry below both ceilings. */
export function usersOn(cores: number, costs: Costs): number {
  const one = loadOf(1, costs)
  return Math.floor(
    cores * Math.min(model.steadyCeiling / one.meetingCores, model.stormCeiling / one.stormCores),
  )
}

export interface Check {
  readonly polls: number
  /** CPU seconds for answering and renewing all polls at once, from the cost of a small request; and as it was. */
  readonly predictedSeconds: number
  readonly measuredSeconds: number
}

/** The model against the long polls that were really there. */
export function checkOf(run: Run): Check | undefined {
  const costs = costsOf(run)
  const { polls } = run.facts
  return (
    costs && {
      polls,
      predictedSeconds: (polls * costs.request) / 1e6,
      measuredSeconds: (polls * costs.renewal) / 1e6,
    }
  )
}
