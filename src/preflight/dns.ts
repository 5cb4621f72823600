/** DNS as checks ask it: every answer is one of three kinds, bounded, and in lower case. */
import { Resolver } from 'node:dns/promises'

/** RFC 2782. */
export interface SrvRecord {
  readonly priority: number
  readonly weight: number
  readonly port: number
  /** Without the dot at the end; empty: the service is decidedly not there. */
  readonly target: string
}

export type Lookup<T> =
  /** `records` are the first few, in the order of use; `total` counts all. */
  | { readonly status: 'found'; readonly records: readonly T[]; readonly total: number }
  | { readonly status: 'none' }
  /** The servers did not say: time-out, SERVFAIL, refused. */
  | { readonly status: 'failed'; readonly reason: string }

export interface Dns {
  readonly srv: (name: string) => Promise<Lookup<SrvRecord>>
  /** IPv4 before IPv6, aliases followed. */
  readonly addresses: (name: string) => Promise<Lookup<string>>
  /** What a name is an alias of (CNAME). */
  readonly alias: (name: string) => Promise<Lookup<string>>
}

/** So many records of one answer are looked at. */
export const mostRecords = 6

export interface DnsOptions {
  /** `192.0.2.53` or `192.0.2.53:5353`; empty: those of the system. */
  readonly servers: readonly string[]
  readonly timeoutMs: number
}

/** A resolver that asks DNS servers only, no hosts file. @throws TypeError when a server is not an IP address */
export function openDns({ servers, timeoutMs }: DnsOptions): Dns {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2, maxTimeout: timeoutMs })
  if (servers.length > 0) resolver.setServers([...servers])
  const alias = (name: string) =>
    ask(async () => (await resolver.resolveCname(name)).map(canonical))
  return {
    srv: (name) => ask(async () => (await resolver.resolveSrv(name)).map(readSrv).sort(byUse)),
    addresses: async (name) =>
      merge(
        await Promise.all([ask(() => resolver.resolve4(name)), ask(() => resolver.resolve6(name))]),
      ),
    alias,
  }
}

/** Lowest priority first, then highest weight: what an Access Edge takes. */
const byUse = (one: SrvRecord, other: SrvRecord): number =>
  one.priority - other.priority || other.weight - one.weight

const readSrv = ({ priority, weight, port, name }: import('node:dns').SrvRecord): SrvRecord => ({
  priority,
  weight,
  port,
  target: canonical(name),
})

const canonical = (name: string): string => name.toLowerCase().replace(/\.$/, '')

async function ask<T>(query: () => Promise<readonly T[]>): Promise<Lookup<T>> {
  try {
    const records = await query()
    if (records.length === 0) return { status: 'none' }
    return { status: 'found', records: records.slice(0, mostRecords), total: records.length }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return code === 'ENOTFOUND' || code === 'ENODATA'
      ? { status: 'none' }
      : { status: 'failed', reason: code }
  }
}

/** Both families of addresses as one answer; one family that fails does not hide the other. */
function merge(answers: readonly Lookup<string>[]): Lookup<string> {
  const found = answers.filter((answer) => answer.status === 'found')
  if (found.length > 0) {
    const records = found.flatMap((answer) => answer.records).slice(0, mostRecords)
    return { status: 'found', records, total: found.reduce((sum, { total }) => sum + total, 0) }
  }
  return answers.find(({ status }) => status === 'failed') ?? { status: 'none' }
}
