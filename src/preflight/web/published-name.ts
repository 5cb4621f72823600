/** What a rules file promises, name by name: what the preflight of the web services tests. */
import type { Product, PublishingRule, PublishKind, Rules } from '../../config/rules.ts'

export interface PublishedName {
  /** Lower-case A-labels, at most one leading `*.`. */
  readonly host: string
  readonly kind: PublishKind
  readonly product: Product
  readonly http: PublishingRule['http']
  readonly https: PublishingRule['https']
  /** The ports where clients arrive; undefined: nothing listens. */
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
  /** TLS 1.0 and 1.1 are meant to be spoken. */
  readonly isForOldClients: boolean
  readonly affinity: 'cookie' | 'source' | 'none'
}

export interface NameOptions {
  /** Only what this listener publishes; undefined: each name at the first listener that has it. */
  readonly listener?: string | undefined
  /** In place of the ports of the file, where something before the proxy translates them. */
  readonly httpsPort?: number | undefined
  readonly httpPort?: number | undefined
}

/** Every host of every rule once, in the order of the file. */
export function publishedNames(rules: Rules, options: NameOptions = {}): readonly PublishedName[] {
  const names = new Map<string, PublishedName>()
  for (const rule of rules.rules)
    for (const host of rule.hosts)
      if (!names.has(host)) {
        const name = describe(rule, host, { rules, options })
        if (name) names.set(host, name)
      }
  return [...names.values()]
}

function describe(
  rule: PublishingRule,
  host: string,
  { rules, options }: { rules: Rules; options: NameOptions },
): PublishedName | undefined {
  const listener = rules.listeners.find(
    ({ name }) =>
      (options.listener === undefined || options.listener === name) &&
      (rule.listeners.length === 0 || rule.listeners.includes(name)),
  )
  if (!listener) return undefined
  const pool = rules.pools.find(({ name }) => name === rule.pool)
  const { httpPort, httpsPort, tlsProfile } = listener
  return {
    host,
    kind: rule.publish,
    product: pool?.product ?? 'other',
    http: rule.http,
    https: rule.https,
    httpPort: httpPort === undefined ? undefined : (options.httpPort ?? httpPort),
    httpsPort: httpsPort === undefined ? undefined : (options.httpsPort ?? httpsPort),
    isForOldClients: (rule.tlsProfile ?? tlsProfile) === 'legacy',
    affinity: pool?.affinity ?? 'cookie',
  }
}

/** Clients ask for it by TLS. */
export const servesHttps = ({ https, httpsPort }: PublishedName): boolean =>
  https === 'serve' && httpsPort !== undefined

/** The domain that a name stands directly in: `contoso.com` for `meet.contoso.com`. */
export const domainOf = (host: string): string => host.slice(host.indexOf('.') + 1)

/** Whether a host is one that the file publishes, by itself or by a wildcard. */
export interface Published {
  has(host: string): boolean
}

export function publishedHosts(names: readonly PublishedName[]): Published {
  const hosts = new Set(names.map(({ host }) => host))
  return { has: (host) => hosts.has(host) || hosts.has(`*.${domainOf(host)}`) }
}
