/** What an administrator should hear of a rules file that can be used all the same: before the users do. */
import { coversHost, type LoadedCertificate } from '../certificates/certificate.ts'
import { wantsHttps } from '../certificates/describe-certificates.ts'
import type { LoadedRules } from '../config/load.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { ListenerRule, PublishingRule, PublishKind } from '../config/rules.ts'
import { adviseOnAllow } from '../policy/advise.ts'

type Advice = Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>
type ProblemAt = (loaded: LoadedRules, where: KeyPath, advice: Advice) => Problem

/** Where certificates come from. */
export interface Covers {
  readonly certificates: readonly LoadedCertificate[]
  /** Names that certificates are obtained for. */
  readonly acmeNames: readonly string[]
}

/** Warnings about names without certificate, ports that lead nowhere, and paths that should stay inside. */
export function adviseOnRules(
  loaded: LoadedRules,
  covers: Covers,
  problemAt: ProblemAt,
): readonly Problem[] {
  const { rules, listeners } = loaded.rules
  const problems = rules.flatMap((rule, index) => {
    const own = listenersOf(rule, listeners)
    return [
      at(['rules', index, 'hosts'], adviseOnNames(rule, own, covers)),
      at(['rules', index, 'http'], adviseOnRedirect(rule, own)),
      at(['rules', index, 'hosts'], adviseOnInternalDiscovery(rule)),
      at(['rules', index, 'hosts'], adviseOnAdmin(rule)),
    ].flatMap(({ where, advice }) => (advice ? [problemAt(loaded, where, advice)] : []))
  })
  const opened = adviseOnAllow(loaded.rules).map(({ ruleIndex, listIndex, message, hint }) =>
    problemAt(
      loaded,
      ['rules', ruleIndex, 'allow', listIndex],
      warning('opens-internal', message, hint),
    ),
  )
  return [...problems, ...opened]
}

const at = (where: KeyPath, advice: Advice | undefined) => ({ where, advice })

const warning = (code: string, message: string, hint: string): Advice => ({
  severity: 'warning',
  code,
  message,
  hint,
})

const listenersOf = (
  rule: PublishingRule,
  listeners: readonly ListenerRule[],
): readonly ListenerRule[] =>
  listeners.filter(({ name }) => rule.listeners.length === 0 || rule.listeners.includes(name))

/** What people notice when a name has no certificate (lync-requirements 3.3, UCWA RootURL). */
const SEEN_BY_CLIENTS: Readonly<Record<PublishKind, string>> = {
  'web-services': 'no client signs in from outside, address book and mobile clients fail',
  meet: 'browsers cannot open meeting links',
  dialin: 'browsers cannot open the dial-in page',
  autodiscover: 'mobile clients fall back to HTTP and may ask whether to trust the server',
  'office-web-apps': 'presentations in meetings stay blank',
  exchange: 'calendar and contacts stay away',
  'communicator-web-access': 'browsers cannot open the page',
  anything: 'clients report a TLS error',
}

function adviseOnNames(
  rule: PublishingRule,
  own: readonly ListenerRule[],
  { certificates, acmeNames }: Covers,
): Advice | undefined {
  if ((certificates.length === 0 && acmeNames.length === 0) || !wantsHttps(rule, own))
    return undefined
  const bare = rule.hosts.filter(
    (host) => !coversHost(certificates, host) && !acmeNames.includes(host),
  )
  if (bare.length === 0) return undefined
  return warning(
    'host-without-certificate',
    `no certificate covers ${bare.join(', ')}: the TLS handshake is refused, and ${SEEN_BY_CLIENTS[rule.publish]}`,
    WAYS_OUT[rule.publish === 'autodiscover' ? 'discovery' : 'other'](bare),
  )
}

/**
 * The two ways that Microsoft documents for many SIP domains (Technical requirements for mobility): a name in the
 * certificate, or autodiscover over plain HTTP only. The second is for lyncdiscover alone.
 */
const WAYS_OUT = {
  discovery: (names: readonly string[]): string =>
    `either have ${sanEntries(names)} added to the certificate, or publish it over plain HTTP alone with "https: refuse" and "http: forward" in a rule of its own: see docs/tls-and-certificates.md`,
  other: (names: readonly string[]): string =>
    `have ${sanEntries(names)} added to the certificate; "lyncgate certificates" lists all names that it needs`,
}

const sanEntries = (names: readonly string[]): string =>
  names.map((name) => `DNS:${name}`).join(', ')

function adviseOnRedirect(rule: PublishingRule, own: readonly ListenerRule[]): Advice | undefined {
  if (rule.http !== 'redirect') return undefined
  const lost = own.filter(
    ({ httpPort, httpsPort }) => httpPort !== undefined && httpsPort === undefined,
  )
  if (lost.length === 0) return undefined
  return warning(
    'redirect-to-nowhere',
    `plain HTTP is redirected to HTTPS, which ${lost.map(({ name }) => `"${name}"`).join(', ')} does not speak`,
    'write "http: forward" where TLS ends before lyncgate, or give the listener an https port',
  )
}

/** Planning for simple URLs: "The Admin simple URL is internal to your organization". */
function adviseOnAdmin({ hosts, listeners, publish }: PublishingRule): Advice | undefined {
  if (listeners.length > 0 || !LYNC_KINDS.has(publish)) return undefined
  const admin = hosts.filter((host) => host.startsWith('admin.'))
  if (admin.length === 0) return undefined
  return warning(
    'admin-published',
    `${admin.join(', ')} looks like the Admin simple URL, which leads to the Control Panel`,
    'leave it out, or name the inner listener under "listeners" of a rule of its own',
  )
}

const LYNC_KINDS: ReadonlySet<PublishKind> = new Set([
  'web-services',
  'meet',
  'dialin',
  'autodiscover',
])

function adviseOnInternalDiscovery({ hosts, listeners }: PublishingRule): Advice | undefined {
  const inside = hosts.filter((host) => host.startsWith('lyncdiscoverinternal.'))
  if (inside.length === 0 || listeners.length > 0) return undefined
  return warning(
    'internal-name-everywhere',
    `${inside.join(', ')} is answered on every listener, but it is for clients inside`,
    'name the inner listener under "listeners" of a rule of its own',
  )
}
