/** The names that certificates are obtained for, one certificate each (docs/decisions/0022-acme.md). */
import { isIP } from 'node:net'
import { coversName, type LoadedCertificate } from '../certificates/certificate.ts'
import type { Rules } from '../config/rules.ts'

/**
 * Names that are published over TLS and that no certificate of the file covers, in the order of the file. Wildcards are
 * left out, because HTTP-01 cannot prove them (RFC 8555 8.3), and addresses.
 * @param certificates those of the file
 */
export function wantedNames(
  { acme, listeners, rules }: Rules,
  certificates: readonly Pick<LoadedCertificate, 'names'>[],
): readonly string[] {
  if (!acme) return []
  const tls = new Set(
    listeners.filter(({ httpsPort }) => httpsPort !== undefined).map(({ name }) => name),
  )
  const hosts = rules
    .filter(({ https }) => https === 'serve')
    .filter((rule) =>
      rule.listeners.length === 0 ? tls.size > 0 : rule.listeners.some((name) => tls.has(name)),
    )
    .flatMap((rule) => rule.hosts)
  return [...new Set(hosts)].filter((host) => isDnsName(host) && !coversName(certificates, host))
}

const isDnsName = (host: string): boolean =>
  !host.startsWith('*.') && !host.startsWith('[') && isIP(host) === 0
