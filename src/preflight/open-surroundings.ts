/** The real world: DNS, sockets and root certificates behind what checks may ask. */
import { openDns } from './dns.ts'
import { probeIdle } from './idle-probe.ts'
import { readRoots } from './roots.ts'
import { probeSignIn } from './sign-in-probe.ts'
import { probeSip } from './sip-probe.ts'
import type { Standpoint, Surroundings } from './surroundings.ts'
import { probeTls } from './tls-probe.ts'
import { probeTlsVersion } from './tls-version-probe.ts'
import { probeWeb } from './web-probe.ts'

export interface SurroundingsOptions {
  /** IP addresses, each with a port or without; empty: the servers of the system. */
  readonly dnsServers: readonly string[]
  /** For one question to DNS, for one connection, and for one answer. */
  readonly timeoutMs: number
  /** PEM certificates that are trusted besides the public ones. */
  readonly roots: readonly string[]
  readonly from: Standpoint
  readonly now: Date
}

/** @throws TypeError when a DNS server is not an IP address */
export function openSurroundings(options: SurroundingsOptions): Surroundings {
  const { dnsServers, timeoutMs, from, now } = options
  const roots = readRoots(options.roots)
  return {
    dns: openDns({ servers: dnsServers, timeoutMs }),
    probes: {
      tls: (endpoint, serverName) => probeTls(endpoint, { serverName, timeoutMs }),
      version: (endpoint, serverName, version) =>
        probeTlsVersion(endpoint, { serverName, version, timeoutMs }),
      signIn: (endpoint, { host, path }, credentials) =>
        probeSignIn(endpoint, { host, path, credentials, timeoutMs, roots }),
      sip: (endpoint, domain) => probeSip(endpoint, domain, timeoutMs),
      web: (endpoint, request) => probeWeb(endpoint, request, timeoutMs),
      idle: (endpoint, { host, path }, durationMs) =>
        probeIdle(endpoint, { host, path, durationMs, timeoutMs, now: () => performance.now() }),
    },
    roots,
    from,
    now,
  }
}
