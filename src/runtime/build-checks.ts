/** Compiles the active check of a server. */
import type { PoolHealthRule, PublishingRule, PublishKind, ServerRule } from '../config/rules.ts'
import type { BackendTls } from '../pools/server.ts'
import type { CheckTarget, ServerCheck } from '../pools/server-check.ts'
import type { ServerRegistry } from '../pools/server-registry.ts'

/** Microsoft probes the external web services FQDN; lyncdiscover has the same path. */
const BEST_KINDS: readonly PublishKind[] = ['web-services', 'autodiscover']

/** On these names every path is that of a meeting or of the dial-in page, and no other is found. */
const SIMPLE_URLS: ReadonlySet<PublishKind> = new Set(['meet', 'dialin'])

/** The name that checks ask a pool for; undefined: it is published under none that fits. */
export function checkHost(pool: string, rules: readonly PublishingRule[]): string | undefined {
  const own = rules.filter((rule) => rule.pool === pool && !SIMPLE_URLS.has(rule.publish))
  const best = BEST_KINDS.flatMap((kind) => own.filter(({ publish }) => publish === kind))
  return [...best, ...own].flatMap(({ hosts }) => hosts).find((host) => !host.startsWith('*.'))
}

interface CheckedServer {
  readonly server: ServerRule
  readonly tls: BackendTls
  readonly host: string | undefined
  /** What the certificate is verified against: under other settings the result may be another. */
  readonly trust: readonly unknown[]
}

/** Undefined for `check: none`. */
export function checkOf(
  { check, ...timing }: PoolHealthRule,
  { server, tls, host, trust }: CheckedServer,
  registry: ServerRegistry,
): ServerCheck | undefined {
  if (check.kind === 'none') return undefined
  const { address, httpsPort } = server
  const target: CheckTarget =
    check.kind === 'tcp'
      ? { kind: 'tcp', port: check.port ?? httpsPort }
      : { ...check, host: host ?? tls.serverName }
  const identity = check.kind === 'tcp' ? [address, target] : [address, httpsPort, target, trust]
  const key = JSON.stringify(identity)
  return { key, target, timing, health: registry.healthOf(key) }
}
