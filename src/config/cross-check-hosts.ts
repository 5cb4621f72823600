/** Hosts that two rules claim on one listener. */
import type { Draft, RuleDraft } from './draft.ts'
import type { Located } from './draft-values.ts'
import { expandHost, usesSipDomain } from './expand-host.ts'
import type { Finding } from './finding.ts'
import { quote } from './quote.ts'

// {sipDomain} and listeners multiply; this is far beyond any deployment and still quick.
const mostClaims = 100_000

/** One name on one listener, wanted by a rule. */
interface Claim {
  readonly host: string
  readonly owner: RuleDraft
}

interface Trouble {
  readonly entry: Located<string>
  readonly first: Claim
}

/**
 * The first rule of the file that claims a host on a listener has it. An exact name and a wildcard
 * that covers it live together: the exact one is the better match.
 */
export function findClaims(draft: Draft): readonly Finding[] {
  const claims = new Map<string, Claim>()
  const domains = [...new Set(draft.sipDomains.map(({ value }) => value))]
  const excess = findExcess(draft, domains.length)
  if (excess) return [excess]
  return draft.rules.flatMap((rule) => {
    const listeners = listListeners(rule, draft)
    const troubles: Trouble[] = []
    let isReachable = false
    for (const entry of rule.hosts) {
      const hosts = expandHost(entry.value, domains)
      const wanted = hosts.flatMap((host) =>
        listeners.map((listener) => ({ host, key: `${listener} ${host}` })),
      )
      const taken = wanted.map(({ key }) => claims.get(key)).find((claim) => claim !== undefined)
      if (taken) troubles.push({ entry, first: taken })
      if (wanted.some(({ key }) => !claims.has(key))) isReachable = true
      for (const { host, key } of wanted) {
        if (!claims.has(key)) claims.set(key, { host, owner: rule })
      }
    }
    return explain(rule, troubles, isReachable)
  })
}

function findExcess(draft: Draft, domainCount: number): Finding | undefined {
  let count = 0
  for (const rule of draft.rules) {
    for (const { path, value } of rule.hosts) {
      count += (usesSipDomain(value) ? domainCount : 1) * Math.max(1, draft.listeners.length)
      if (count <= mostClaims) continue
      const message = `up to here, the rules stand for more than ${mostClaims} host names`
      return { code: 'out-of-range', path, message }
    }
  }
  return undefined
}

/** Indices of the listeners a rule applies to; without any listener, one is imagined. */
function listListeners(rule: RuleDraft, { listeners }: Draft): readonly number[] {
  if (listeners.length === 0) return [0]
  const chosen = rule.listeners.map(({ value }) => value)
  return listeners.flatMap(({ name }, index) =>
    chosen.length === 0 || chosen.includes(name ?? '') ? [index] : [],
  )
}

function explain(
  rule: RuleDraft,
  troubles: readonly Trouble[],
  isReachable: boolean,
): readonly Finding[] {
  const [first, second] = troubles
  // One sentence says more than the same one for each host.
  if (first && second && !isReachable) {
    const owners = [...new Set(troubles.map(({ first: claim }) => nameOf(claim.owner)))]
    const message = `all hosts of ${nameOf(rule)} are already published by ${owners.join(', ')}`
    return [{ code: 'shadowed-rule', path: [...rule.path, 'hosts'], message }]
  }
  return troubles.map(({ entry, first: { host, owner } }) => ({
    code: 'duplicate-host',
    path: entry.path,
    message:
      owner === rule
        ? `${quote(host)} is already a host of this rule`
        : `${quote(host)} is already published by ${nameOf(owner)}`,
  }))
}

const nameOf = (rule: RuleDraft): string => (rule.name ? quote(rule.name) : 'an earlier rule')
