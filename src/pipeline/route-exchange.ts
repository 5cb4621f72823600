/** Step 2: the publishing rule of an exchange, and what this listener does with it. */
import type { FailureCode } from '../base/failure.ts'
import type { HostName } from '../routing/host.ts'
import type { Exchange } from './exchange.ts'

export type RouteDecision =
  | { readonly kind: 'forward' }
  | { readonly kind: 'redirect' }
  | { readonly kind: 'failed'; readonly code: FailureCode }

/** Sets `exchange.route` when a rule names the host. */
export function routeExchange(exchange: Exchange): RouteDecision {
  const { connection, snapshot, facts } = exchange
  const { listener, isTls } = connection.arrival
  const route = snapshot.routes.get(listener)?.match(exchange.host)
  if (!route) return { kind: 'failed', code: 'client-not-published' }
  exchange.route = route
  if (mixesIdentities(exchange) && (facts.bindsConnection || connection.backends.isPinned)) {
    return { kind: 'failed', code: 'client-identities-mixed' }
  }
  if (isTls) return route.https === 'serve' ? { kind: 'forward' } : notPublished
  if (route.http === 'redirect') return { kind: 'redirect' }
  return route.http === 'forward' ? { kind: 'forward' } : notPublished
}

const notPublished: RouteDecision = { kind: 'failed', code: 'client-not-published' }

/**
 * A trusted proxy that sends several clients through one connection would let them share a sign-in
 * (lync-requirements, section 4, guarantee 10; RFC 4559 6). Seen by X-Forwarded-For values that differ.
 */
function mixesIdentities(exchange: Exchange): boolean {
  const { connection, facts, snapshot } = exchange
  if (connection.isShared) return true
  if (!snapshot.isTrustedProxy(connection.arrival.peerAddress)) return false
  const forwardedFor = facts.forwardedFor?.join(', ') ?? ''
  connection.firstForwardedFor ??= forwardedFor
  if (connection.firstForwardedFor !== forwardedFor) connection.isShared = true
  return connection.isShared
}

/** The same host and target over TLS. A port that was written is ours, so the TLS port of the listener is written too. */
export function redirectLocation(exchange: Exchange, host: HostName): string {
  const { httpsPort } = exchange.connection.arrival
  const port =
    host.port === undefined || httpsPort === undefined || httpsPort === 443 ? '' : `:${httpsPort}`
  return `https://${host.name}${port}${exchange.target}`
}
