/** What the administrator should know of paths that a rule allows: some of them are not meant for the Internet. */
import { quote } from '../config/quote.ts'
import type { Product, PublishingRule, Rules } from '../config/rules.ts'
import { type DirectoryEntry, internalDirectories } from './catalogue.ts'
import { PathPolicy } from './path-policy.ts'

/** A warning about `rules[ruleIndex].allow[listIndex]`. */
export interface AllowAdvice {
  readonly ruleIndex: number
  readonly listIndex: number
  readonly message: string
  readonly hint: string
}

/** Every `allow` that opens a directory which is internal only. */
export function adviseOnAllow({ rules, pools }: Rules): readonly AllowAdvice[] {
  const productOf = new Map(pools.map(({ name, product }) => [name, product]))
  return rules.flatMap((rule, ruleIndex) => {
    const product = productOf.get(rule.pool) ?? 'other'
    const policy = policyOf(rule, product, [])
    return rule.allow.flatMap((path, listIndex): AllowAdvice[] => {
      const opened = listOpened(path, { rule, product, policy })
      return opened.length === 0 ? [] : [{ ruleIndex, listIndex, ...explain(path, opened) }]
    })
  })
}

interface Surroundings {
  readonly rule: PublishingRule
  readonly product: Product
  /** That of the rule, if it allowed nothing. */
  readonly policy: PathPolicy
}

// Asked of the policy itself, so that the advice knows every spelling that it knows, and what `deny` closes again.
function listOpened(
  path: string,
  { rule, product, policy }: Surroundings,
): readonly DirectoryEntry[] {
  const opening = policyOf(rule, product, [path])
  // The path may be a directory, lie in one, or hold some; the Admin URL has a SIP domain in front.
  const places = [path, `${path}/admin`, ...internalDirectories(product).map((each) => each.path)]
  const opened = places.flatMap((place) => {
    const target = Buffer.from(place, 'utf8').toString('latin1')
    if (opening.decide(target).kind !== 'serve') return []
    const closed = policy.decide(target)
    return closed.kind === 'refuse' && closed.entry ? [closed.entry] : []
  })
  return [...new Set(opened)].filter((entry) => !(rule.phones && isForPhones(entry)))
}

const policyOf = (
  { publish, deny }: PublishingRule,
  product: Product,
  allow: readonly string[],
): PathPolicy => new PathPolicy({ mode: 'guard', product, kind: publish, allow, deny })

const isForPhones = ({ path }: DirectoryEntry): boolean => path === '/requesthandler'

function explain(
  path: string,
  opened: readonly DirectoryEntry[],
): Pick<AllowAdvice, 'message' | 'hint'> {
  const list = opened.map(({ title, purpose }) => `${title} (${purpose})`).join(', ')
  return {
    message: `${quote(path)} opens what is internal only: ${list}`,
    hint: opened.every(isForPhones)
      ? 'desk phones get what they need of it with "phones: true"'
      : 'leave it out: no client outside needs it',
  }
}
