/** Step 2: the rule and the policy of an exchange, and whether its connection may carry it. */
import { type TlsProfile, tlsProfiles } from '../config/rules.ts'
import { isBelieved } from './client-address.ts'
import { type Decision, decide } from './decide.ts'
import type { Exchange } from './exchange.ts'
import type { Screened } from './screen-request.ts'

/** Decides and notes the rule and the reason in the exchange. */
export function routeExchange(exchange: Exchange, { host, target }: Screened): Decision {
  const { connection, snapshot, facts, report } = exchange
  const { listener, isTls, httpsPort } = connection.arrival
  const method = exchange.req.method ?? 'GET'
  const decision = decide({ listener, isTls, httpsPort, host, method, target }, snapshot)
  exchange.route = decision.route
  if (decision.kind === 'failed') {
    // That nobody publishes a name says itself; what the policy refused needs its reason.
    if (decision.policy) report.reason = decision.because
    return decision
  }
  if (isBelowProfile(connection.arrival.tlsProfile, decision.route?.tlsProfile)) {
    report.reason = 'the rule asks for a higher TLS profile than that of the handshake'
    return { ...decision, kind: 'failed', code: 'client-not-published', because: '' }
  }
  if (decision.policy?.kind === 'serve')
    exchange.strictWouldRefuse = decision.policy.strictWouldRefuse
  if (mixesIdentities(exchange) && (facts.bindsConnection || connection.backends.isPinned)) {
    return { ...decision, kind: 'failed', code: 'client-identities-mixed', because: '' }
  }
  return decision
}

/**
 * A request for a name with demands must not come through the handshake of another name, or of none (RFC 9110 15.5.20).
 */
function isBelowProfile(arrived: TlsProfile | undefined, wanted: TlsProfile | undefined): boolean {
  if (arrived === undefined || wanted === undefined) return false
  return tlsProfiles.indexOf(arrived) < tlsProfiles.indexOf(wanted)
}

/**
 * A trusted proxy that sends several clients through one connection would let them share a sign-in
 * (lync-requirements, section 4, guarantee 10; RFC 4559 6). Seen by X-Forwarded-For values that differ.
 */
function mixesIdentities(exchange: Exchange): boolean {
  const { connection, facts, snapshot } = exchange
  if (connection.isShared) return true
  if (!isBelieved(connection.arrival, snapshot.isTrustedProxy)) return false
  const forwardedFor = facts.forwardedFor?.join(', ') ?? ''
  connection.firstForwardedFor ??= forwardedFor
  if (connection.firstForwardedFor !== forwardedFor) connection.isShared = true
  return connection.isShared
}
