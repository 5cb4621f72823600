/** Compiles the active check of a server. */
import type { PoolHealthRule, PublishingRule, ServerRule } from '../config/rules.ts'
import type { BackendTls } from '../pools/server.ts'
import type { CheckTarget, ServerCheck } from '../pools/server-check.ts'
import type { ServerRegistry } from '../pools/server-registry.ts'

/**
 * The name that checks ask a pool for. Microsoft probes the external web services FQDN; the others are better than the
 * server's own name, which the external web site may not know.
 */
export function checkHost(pool: string, rules: readonly PublishingRule[]): string | undefined {
  const own = rules.filter((rule) => rule.pool === pool)
  const first = own.filter(({ publish }) => publish === 'web-services')
  return [...first, ...own].flatMap(({ hosts }) => hosts).find((host) => !host.startsWith('*.'))
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
