/** Contradictions between publishing rules, and between them and what they refer to. */
import { findClaims } from './cross-check-hosts.ts'
import { suggest } from './did-you-mean.ts'
import type { Draft, RuleDraft } from './draft.ts'
import { usesSipDomain } from './expand-host.ts'
import type { Finding } from './finding.ts'
import { quote } from './quote.ts'
import type { Product } from './rules.ts'

/** All findings about publishing rules. */
export function checkRules(draft: Draft): readonly Finding[] {
  return [
    ...findNoRules(draft),
    ...findDuplicateNames(draft),
    ...draft.rules.flatMap((rule) => checkRule(rule, draft)),
    ...findClaims(draft),
  ]
}

function checkRule(rule: RuleDraft, draft: Draft): readonly Finding[] {
  return [
    ...findMissingPool(rule, draft),
    ...findMissingListeners(rule, draft),
    ...findHostless(rule),
    ...findMissingDomains(rule, draft),
    ...findContradiction(rule, draft),
    ...findMismatch(rule, draft),
  ]
}

function findNoRules({ ruleCount }: Draft): readonly Finding[] {
  if (ruleCount !== 0) return []
  return [{ code: 'no-rules', path: ['rules'], message: 'there is no rule' }]
}

function findDuplicateNames({ rules }: Draft): readonly Finding[] {
  const seen = new Set<string>()
  return rules.flatMap(({ name, path }): Finding[] => {
    if (name === undefined) return []
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    const message = `a rule ${quote(name)} is already there`
    return [{ code: 'duplicate-name', path: [...path, 'name'], message }]
  })
}

function findMissingPool({ path, pool }: RuleDraft, { pools }: Draft): readonly Finding[] {
  if (pool === undefined || pools.some(({ name }) => name === pool)) return []
  const message = `there is no pool ${quote(pool)}`
  const suggestPool = () =>
    suggest(
      pool,
      pools.map(({ name }) => name),
    )
  return [{ code: 'missing-pool', path: [...path, 'pool'], message, hint: suggestPool }]
}

function findMissingListeners(rule: RuleDraft, { listeners }: Draft): readonly Finding[] {
  return rule.listeners
    .filter(({ value }) => !listeners.some(({ name }) => name === value))
    .map(({ path, value }) => ({
      code: 'missing-listener',
      path,
      message: `there is no listener ${quote(value)}`,
      hint: () =>
        suggest(
          value,
          listeners.flatMap(({ name }) => name ?? []),
        ),
    }))
}

function findHostless({ path, name, hostCount }: RuleDraft): readonly Finding[] {
  if (hostCount !== 0) return []
  const message = `${nameOf(name)} publishes no host`
  return [{ code: 'rule-without-hosts', path: [...path, 'hosts'], message }]
}

function findMissingDomains({ hosts }: RuleDraft, { sipDomains }: Draft): readonly Finding[] {
  if (sipDomains.length > 0) return []
  return hosts
    .filter(({ value }) => usesSipDomain(value))
    .map(({ path, value }) => ({
      code: 'no-sip-domains',
      path,
      message: `${quote(value)} needs sipDomains, and there are none`,
      hint: 'add "sipDomains: [contoso.com]" at the top',
    }))
}

function findContradiction(rule: RuleDraft, { listeners }: Draft): readonly Finding[] {
  const { path, http, https } = rule
  const name = nameOf(rule.name)
  if (http === 'redirect' && https === 'refuse') {
    const message = `${name} redirects to HTTPS and refuses it`
    const hint = 'write "http: forward"'
    return [{ code: 'redirect-to-refused', path: [...path, 'http'], message, hint }]
  }
  if (http === undefined || https === undefined || listeners.length === 0) return []
  const chosen = rule.listeners.map(({ value }) => value)
  const isServed = listeners
    .filter((each) => chosen.length === 0 || chosen.includes(each.name ?? ''))
    .some((each) => (each.hasHttp && http !== 'refuse') || (each.hasHttps && https === 'serve'))
  if (isServed || isAnyMissing(chosen, listeners)) return []
  const message = `${name} refuses all that its listeners accept`
  return [{ code: 'never-served', path: [...path, 'name'], message }]
}

// A misspelt listener is reported already; what follows from it would only confuse.
const isAnyMissing = (chosen: readonly string[], listeners: Draft['listeners']): boolean =>
  chosen.some((name) => !listeners.some((listener) => listener.name === name))

const webProducts: readonly Product[] = [
  'lync-2010',
  'lync-2013',
  'skype-2015',
  'skype-2019',
  'skype-se',
]

const offeredBy: Readonly<Record<NonNullable<RuleDraft['publish']>, readonly Product[]>> = {
  'web-services': webProducts,
  meet: webProducts,
  dialin: webProducts,
  autodiscover: webProducts,
  'office-web-apps': ['office-web-apps'],
  exchange: ['exchange'],
  'communicator-web-access': ['communicator-web-access'],
  anything: [],
}

function findMismatch({ path, publish, pool }: RuleDraft, { pools }: Draft): readonly Finding[] {
  const product = pools.find(({ name }) => name === pool)?.product
  if (!publish || !product || publish === 'anything' || product === 'other') return []
  if (offeredBy[publish].includes(product)) return []
  const message = `${quote(publish)} is published from ${quote(pool)}, which is ${product}`
  const hint = 'the product decides ports and directories; "publish: anything" asks for none'
  return [{ code: 'product-mismatch', path: [...path, 'publish'], message, hint }]
}

const nameOf = (name: string | undefined): string =>
  name === undefined ? 'a rule without a name' : `the rule ${quote(name)}`
