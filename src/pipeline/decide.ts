/**
 * What becomes of a request, decided from its address alone: rule, policy, port 80. Pure, so that `lyncgate explain`
 * asks the very function that serves.
 */
import type { FailureCode } from '../base/failure.ts'
import { canonicalPath } from '../policy/canonical-path.ts'
import { withGuestJoin } from '../policy/guest-join.ts'
import type { PathDecision } from '../policy/path-policy.ts'
import { isPhonePath } from '../policy/plain-http.ts'
import { findVirtualPatch } from '../policy/virtual-patches.ts'
import type { HostName } from '../routing/host.ts'
import type { Route } from './route.ts'
import type { Snapshot } from './snapshot.ts'

export interface Question {
  readonly listener: string
  readonly isTls: boolean
  /** The TLS port of the listener; undefined: it has none. */
  readonly httpsPort: number | undefined
  readonly host: HostName
  readonly method: string
  /** Origin-form, as received. */
  readonly target: string
}

interface Decided {
  readonly route: Route | undefined
  /** Undefined when no rule was found, so that nobody asked. */
  readonly policy: PathDecision | undefined
}

export type Decision = Decided &
  (
    | { readonly kind: 'forward'; readonly route: Route; readonly target: string }
    | { readonly kind: 'redirect'; readonly location: string }
    | { readonly kind: 'failed'; readonly code: FailureCode; readonly because: string }
  )

/** Rule, then policy, then what the port is for. The first objection counts. */
export function decide(question: Question, snapshot: Snapshot): Decision {
  const { listener, isTls, host, method, target } = question
  const table = snapshot.routes.get(listener)
  if (!table) throw new Error(`no routes for the listener ${listener}`)
  const route = table.match(host.name)
  if (isInternalName(host.name, route) && !table.matchExact(host.name))
    return failed('policy-internal-name', 'the name is for clients inside; no rule names it itself')
  if (!route) return failed('client-not-published', 'no rule names this host on this listener')

  const path = canonicalPath(target)
  const isPhone = !isTls && route.phones && isPhonePath(path)
  const way = isTls ? route.https : isPhone ? 'forward' : route.http
  if (way === 'refuse') {
    return failed('client-not-published', `the rule refuses ${isTls ? 'HTTPS' : 'HTTP'}`, { route })
  }

  const policy = route.policy.decideOn(path)
  if (policy.kind === 'undecidable')
    return failed('policy-undecidable', policy.because, { route, policy })
  if (policy.kind === 'refuse') {
    const { entry, because } = policy
    const isNamed = entry === undefined || because.includes(entry.title)
    const reason = isNamed ? because : `${entry.title}: ${because}`
    return failed('policy-refused', reason, { route, policy })
  }
  const patch = findVirtualPatch({ target, path, isPublished: snapshot.isMeetingHost })
  if (patch)
    return failed('policy-virtual-patch', `${patch.id}: ${patch.summary}`, { route, policy })

  if (way === 'redirect')
    return { kind: 'redirect', location: redirectLocation(question), route, policy }
  return {
    kind: 'forward',
    target: route.guestJoin ? withGuestJoin(method, target, path) : target,
    route,
    policy,
  }
}

/**
 * Names that a wildcard in a rule does not mean, only their own name does. Clients ask for `lyncdiscoverinternal.<domain>`
 * first, everywhere; outside the right answer is 404, on which they go on to lyncdiscover (UCWA, RootURL). `admin.<domain>`
 * is the Admin simple URL, "internal to your organization" (Microsoft, Planning for simple URLs), where Lync is published.
 */
const isInternalName = (host: string, route: Route | undefined): boolean =>
  host.startsWith('lyncdiscoverinternal.') ||
  (host.startsWith('admin.') && route !== undefined && LYNC_KINDS.has(route.kind))

const LYNC_KINDS: ReadonlySet<string> = new Set(['web-services', 'meet', 'dialin', 'autodiscover'])

function failed(code: FailureCode, because: string, decided: Partial<Decided> = {}): Decision {
  return { kind: 'failed', code, because, route: decided.route, policy: decided.policy }
}

/** The same host and target over TLS. A port that was written is ours, so the TLS port of the listener is written too. */
function redirectLocation({ host, httpsPort, target }: Question): string {
  const port =
    host.port === undefined || httpsPort === undefined || httpsPort === 443 ? '' : `:${httpsPort}`
  return `https://${host.name}${port}${target}`
}
