/** Where an exchange meets a trace; called while one runs. */
import type { Traces } from '../trace/traces.ts'
import { recordOf } from './close-exchange.ts'
import type { Decision } from './decide.ts'
import type { Exchange } from './exchange.ts'

/** Lets the traces see the exchange, if it is one of theirs. */
export function traceExchange(exchange: Exchange, traces: Traces): void {
  const { id, req, clientAddress, startedAtMs, connection } = exchange
  const { isTls } = connection.arrival
  const describe = () => recordOf(exchange, 'done')
  exchange.trace = traces.begin({ id, req, clientAddress, startedAtMs, isTls, describe })
  exchange.report.trace = exchange.trace
}

/** The words of `lyncgate explain`. */
export function traceDecision(exchange: Exchange, decision: Decision): void {
  const { trace, snapshot } = exchange
  if (!trace) return
  const { kind, policy, route } = decision
  trace.decision = {
    kind,
    ...(decision.kind === 'failed' && { code: decision.code, because: decision.because }),
    ...(route && { rule: route.rule, publish: route.kind, policyMode: route.policy.mode }),
    ...(policy && { policy: policy.kind, policyBecause: policy.because }),
    ...(policy && 'entry' in policy && policy.entry && { directory: policy.entry.title }),
    revision: snapshot.revision,
  }
}
