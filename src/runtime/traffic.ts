/**
 * Who serves the ports: this process, or worker processes on behalf of it. The runtime decides what is in force and
 * since when; a Traffic does it.
 */
import type { ChallengeStore } from '../acme/challenge-store.ts'
import type { Result } from '../base/result.ts'
import type { Staple } from '../certificates/ocsp/staple.ts'
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import type { ServerCheck } from '../pools/server-check.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import type { EndTrace, TraceSink } from '../trace/traces.ts'
import type { Assembled } from './assemble.ts'
import type { LookWish, TrafficLook } from './look-at-traffic.ts'

/** A port that could not be opened. */
export interface OpenTrouble {
  readonly listener: string
  readonly message: string
}

/** The ports of one listener or stream as they are really open (a port 0 in the file becomes a real one). */
export interface OpenPorts {
  readonly name: string
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
  readonly streamPort: number | undefined
}

/** A configuration whose ports and what they lead to are there, and which nobody is served by yet. */
export interface PreparedTraffic {
  /** Puts it in force. Cannot fail; the former one is released. */
  commit(): Promise<void>
  /** Takes back all that was opened for it. */
  discard(): Promise<void>
}

export interface Traffic {
  /** What every listener answers authorities with. */
  readonly challenges: ChallengeStore

  /** Who may sign in, and who is blocked. */
  readonly desk: SignInDesk

  /** Of the configuration in force. */
  readonly ports: readonly OpenPorts[]
  /** Client connections. */
  readonly openConnections: number
  /** False: nobody is served at the moment, whatever the configuration says. */
  readonly isServing: boolean
  /** Does all that can fail, or nothing at all. One call at a time, and none before the last was committed or discarded. */
  prepare(next: Assembled): Promise<Result<PreparedTraffic, OpenTrouble>>
  /** For `renderMetrics`: one part per process that serves, and what is to be said of all of them. */
  collectMetrics(): Promise<readonly (readonly MetricJson[])[]>
  /** For the status page: what goes on at this moment, by process. */
  look(wish: LookWish): Promise<readonly TrafficLook[]>
  /** A check has found out something; for whoever has not the same registry. */
  noteHealth(check: ServerCheck): void
  /** The OCSP responses that handshakes get from now on, and no others. */
  staple(staples: readonly Staple[]): void
  /** Drains a server by command, or takes that back. */
  drain(place: string, isDrained: boolean): void
  /** Hands the exchanges that a trace is about to `sink`. Resolves when every process that serves does so. */
  trace(request: TraceRequest, sink: TraceSink): Promise<EndTrace>
  /** No more connections; those that stand end with the exchange in progress. Resolves when nobody accepts any more. */
  leave(): Promise<void>
  /** What still runs gets a last word and ends. */
  cut(): void
  /** Ends everything now. */
  kill(): Promise<void>
}
