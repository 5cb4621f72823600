/** Collects publishing rules so that each host is published once: what the first one has, the next ones leave. */
import { sipDomainToken } from '../config/host-name.ts'
import { type Advice, advise } from './advice.ts'
import { adviseInsideOnly } from './deployment.ts'
import { isInsideOnly } from './judge-names.ts'
import type { PlannedRule } from './plan.ts'

type RuleHead = Pick<PlannedRule, 'name' | 'publish' | 'pool'>

export class RuleBook {
  readonly #rules: PlannedRule[] = []
  readonly #owners = new Map<string, PlannedRule>()
  readonly #advice: Advice[]

  constructor(advice: Advice[]) {
    this.#advice = advice
  }

  get rules(): readonly PlannedRule[] {
    return this.#rules
  }

  /** The rule that publishes a host. */
  ownerOf(host: string): PlannedRule | undefined {
    return this.#owners.get(host)
  }

  /** Adds a rule for those of the hosts that nobody has yet; none: no rule. */
  add(head: RuleHead, hosts: readonly string[], comments: readonly string[]): void {
    const free = this.#takeFree(head, hosts)
    if (free.length > 0) this.#append({ ...head, hosts: free, names: free, comments })
  }

  /**
   * As `add`; hosts that are one label and each of the SIP domains are written with `{sipDomain}`, so that a new domain
   * needs one line only.
   */
  addForDomains(
    head: RuleHead,
    hosts: readonly string[],
    sipDomains: readonly string[],
    comments: readonly string[],
  ): void {
    const free = this.#takeFree(head, hosts)
    if (free.length > 0) {
      this.#append({ ...head, hosts: fold(free, sipDomains), names: free, comments })
    }
  }

  #append(rule: PlannedRule): void {
    const isTaken = (name: string): boolean => this.#rules.some((each) => each.name === name)
    let name = rule.name
    for (let count = 2; isTaken(name); count += 1) name = `${rule.name} (${count})`
    const named = { ...rule, name }
    this.#rules.push(named)
    for (const host of rule.names) {
      this.#owners.set(host, named)
      // Of the external web services FQDN the pool has told already.
      if (rule.publish !== 'web-services' && isInsideOnly(host))
        adviseInsideOnly(host, this.#advice)
    }
  }

  #takeFree(head: RuleHead, hosts: readonly string[]): readonly string[] {
    return [...new Set(hosts)].filter((host) => {
      const owner = this.#owners.get(host)
      if (!owner) return true
      // Simple URLs may live on the web services FQDN or on one host for all: that rule serves them.
      const servesAll = owner.publish === 'web-services' || owner.publish === 'meet'
      if (servesAll && (head.publish === 'meet' || head.publish === 'dialin')) return false
      const message = `${host} is wanted by "${head.name}" and has "${owner.name}" already`
      this.#advice.push(advise('name-taken', message, 'give one of them another name'))
      return false
    })
  }
}

/** `meet.contoso.com` and `meet.fabrikam.com` are `meet.{sipDomain}`, if those are all the domains. */
function fold(hosts: readonly string[], sipDomains: readonly string[]): readonly string[] {
  const all = new Set(hosts)
  const folded: string[] = []
  const covered = new Set<string>()
  const [firstDomain] = sipDomains
  for (const host of hosts) {
    if (covered.has(host)) continue
    const label =
      firstDomain !== undefined && host.endsWith(`.${firstDomain}`)
        ? host.slice(0, -firstDomain.length - 1)
        : ''
    const family = /^[a-z0-9-]+$/.test(label)
      ? sipDomains.map((domain) => `${label}.${domain}`)
      : []
    const isWhole = family.length > 0 && family.every((each) => all.has(each) && !covered.has(each))
    folded.push(isWhole ? `${label}.${sipDomainToken}` : host)
    for (const each of isWhole ? family : [host]) covered.add(each)
  }
  return folded
}
