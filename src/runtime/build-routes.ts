/** Compiles the publishing rules: one routing table per listener. */
import type { ListenerRule, PublishingRule, Rules } from '../config/rules.ts'
import type { Route } from '../pipeline/route.ts'
import type { Snapshot } from '../pipeline/snapshot.ts'
import { PathPolicy, type PathPolicySettings } from '../policy/path-policy.ts'
import { phonePaths } from '../policy/plain-http.ts'
import type { Pool } from '../pools/pool.ts'
import { RoutingTable } from '../routing/routing-table.ts'

/**
 * Names that the web app may be told to look at (CVE-2023-41763). Who publishes everything as "anything" has the meetings
 * among it.
 */
const MEETING_KINDS: ReadonlySet<string> = new Set(['meet', 'web-services', 'anything'])

/** @param pools by name; cross-check has made sure that every rule's pool is among them */
export function buildRoutes(
  rules: Rules,
  pools: ReadonlyMap<string, Pool>,
): Pick<Snapshot, 'routes' | 'isMeetingHost'> {
  const policyOf = sharedPolicies()
  const compiled = rules.rules.map((rule) => [rule, routeOf(rule, rules, pools, policyOf)] as const)
  const routes = new Map(
    rules.listeners.map((listener) => [listener.name, tableOf(listener, compiled)] as const),
  )
  const ports = new Set([
    80,
    443,
    ...rules.listeners.flatMap(({ httpPort, httpsPort }) => [httpPort, httpsPort]),
  ])
  return {
    routes,
    isMeetingHost: (host, port) =>
      (port === undefined || ports.has(port)) &&
      [...routes.values()].some((table) => MEETING_KINDS.has(table.match(host)?.kind ?? '')),
  }
}

function tableOf(
  { name }: ListenerRule,
  compiled: readonly (readonly [PublishingRule, Route])[],
): RoutingTable<Route> {
  const own = compiled.filter(
    ([{ listeners }]) => listeners.length === 0 || listeners.includes(name),
  )
  return new RoutingTable(
    own.flatMap(([{ hosts }, route]) => hosts.map((host) => [host, route] as const)),
  )
}

type PolicyOf = (settings: PathPolicySettings) => PathPolicy

/**
 * Rules that want the same share one policy, so that a request finds it in the processor's cache whichever rule the request
 * before it had.
 */
function sharedPolicies(): PolicyOf {
  const bySettings = new Map<string, PathPolicy>()
  return (settings) => {
    const key = JSON.stringify(settings)
    const known = bySettings.get(key)
    if (known) return known
    const policy = new PathPolicy(settings)
    bySettings.set(key, policy)
    return policy
  }
}

function routeOf(
  rule: PublishingRule,
  rules: Rules,
  pools: ReadonlyMap<string, Pool>,
  policyOf: PolicyOf,
): Route {
  const pool = pools.get(rule.pool)
  const product = rules.pools.find(({ name }) => name === rule.pool)?.product
  if (!pool || !product) throw new Error(`rule ${rule.name} names a pool that is not there`)
  const { publish: kind, http, https, tlsProfile, phones, guestJoin, hideServerFields, deny } = rule
  const allow = phones ? [...rule.allow, ...phonePaths] : rule.allow
  const policy = policyOf({ mode: rules.policy.paths, product, kind, allow, deny })
  return {
    rule: rule.name,
    kind,
    pool,
    policy,
    http,
    https,
    tlsProfile,
    phones,
    guestJoin,
    hideServerFields,
  }
}
