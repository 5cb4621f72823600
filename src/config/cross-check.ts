/** Contradictions between parts of the file that are right each for itself. */
import { formatDuration } from '../base/duration.ts'
import { checkCertificates } from './cross-check-certificates.ts'
import { checkListeners } from './cross-check-listeners.ts'
import { checkPolicy } from './cross-check-policy.ts'
import { checkRules } from './cross-check-rules.ts'
import { checkStreams } from './cross-check-streams.ts'
import type { Draft, PoolDraft } from './draft.ts'
import type { Located } from './draft-values.ts'
import type { Finding } from './finding.ts'
import type { KeyPath } from './problem.ts'
import { quote } from './quote.ts'

type Check = (draft: Draft) => readonly Finding[]

/** Everything that only shows when the parts of the file are seen together. */
export function crossCheck(draft: Draft): readonly Finding[] {
  return checks.flatMap((check) => check(draft))
}

const checks: readonly Check[] = [
  checkListeners,
  checkCertificates,
  checkRules,
  checkPolicy,
  checkStreams,
  (draft) => draft.pools.flatMap(checkPool),
  findUnusedPools,
  findDuplicateDomains,
  findShortTimeouts,
  findBoundlessTrust,
]

function checkPool(pool: PoolDraft): readonly Finding[] {
  return [...findEmptyPool(pool), ...findDuplicateServers(pool)]
}

function findEmptyPool({ path, name, serverCount }: PoolDraft): readonly Finding[] {
  if (serverCount !== 0) return []
  const message = `the pool ${quote(name)} has no servers`
  return [{ code: 'pool-without-servers', path: [...path, 'servers'], message }]
}

function findDuplicateServers({ servers }: PoolDraft): readonly Finding[] {
  const keyOf = ({ value }: PoolDraft['servers'][number]) =>
    `${value.address} ${value.http} ${value.https}`
  return findRepeated(servers, keyOf).map(({ path, value }) => ({
    code: 'duplicate-server',
    path,
    message: `${quote(value.address)} is already a server of this pool`,
    hint: 'a server takes more clients with a higher weight',
  }))
}

function findUnusedPools({ pools, rules }: Draft): readonly Finding[] {
  const used = new Set(rules.map((rule) => rule.pool))
  return pools
    .filter(({ name }) => !used.has(name))
    .map(({ path, name }) => ({
      code: 'unused-pool',
      path,
      at: 'key',
      message: `no rule uses the pool ${quote(name)}`,
    }))
}

function findDuplicateDomains({ sipDomains }: Draft): readonly Finding[] {
  return findRepeated(sipDomains, ({ value }) => value).map(({ path, value }) => ({
    code: 'duplicate-name',
    path,
    message: `the SIP domain ${quote(value)} is already there`,
  }))
}

// 960 s: push notifications wait 900 s. 1800 s: the TCP idle timeout of Microsoft's load balancers.
const leastResponseMs = 960_000
const leastKeepAliveMs = 1_800_000

function findShortTimeouts({ responseMs, keepAliveMs }: Draft): readonly Finding[] {
  return [
    ...warnBelow(['timeouts', 'response'], responseMs, {
      leastMs: leastResponseMs,
      reason: 'mobile clients wait 900 s for an answer',
    }),
    ...warnBelow(['timeouts', 'keepAlive'], keepAliveMs, {
      leastMs: leastKeepAliveMs,
      reason: 'idle clients would have to sign in again and again',
    }),
  ]
}

function warnBelow(
  path: KeyPath,
  actualMs: number | undefined,
  { leastMs, reason }: { leastMs: number; reason: string },
): readonly Finding[] {
  if (actualMs === undefined || actualMs >= leastMs) return []
  const message = `${quote(formatDuration(actualMs))} is short: ${reason}`
  const hint = `Microsoft asks for ${leastMs / 1000} s: write ${formatDuration(leastMs)} or more`
  return [{ code: 'short-timeout', path, message, hint }]
}

function findBoundlessTrust({ trustedProxies }: Draft): readonly Finding[] {
  return trustedProxies
    .filter(({ value }) => value.endsWith('/0'))
    .map(({ path, value }) => ({
      code: 'trusts-everyone',
      path,
      message: `${quote(value)} believes anyone who claims to be a proxy`,
      hint: 'name only the proxies and load balancers in front',
    }))
}

/** Those entries whose key an earlier one has. */
function findRepeated<T>(
  entries: readonly Located<T>[],
  keyOf: (entry: Located<T>) => string,
): readonly Located<T>[] {
  const seen = new Set<string>()
  return entries.filter((entry) => {
    const key = keyOf(entry)
    if (seen.has(key)) return true
    seen.add(key)
    return false
  })
}
