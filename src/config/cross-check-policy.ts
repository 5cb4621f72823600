/** Contradictions about what may be reached: paths, and switches that a kind of name does not have. */
import type { Draft, RuleDraft } from './draft.ts'
import type { Finding } from './finding.ts'
import { quote } from './quote.ts'
import type { PublishKind } from './rules.ts'

/** All findings about the publishing policy. */
export function checkPolicy(draft: Draft): readonly Finding[] {
  return draft.rules.flatMap((rule) => [
    ...findClosed(rule),
    ...findForeignSwitches(rule),
    ...findIdleStrict(rule, draft),
  ])
}

/** `deny` is the stronger one, so that an `allow` below it has no effect. */
function findClosed({ allow, deny }: RuleDraft): readonly Finding[] {
  return allow.flatMap((entry): Finding[] => {
    const closing = deny.find(({ value }) => isBelow(entry.value, value))
    if (!closing) return []
    const { path } = entry
    if (closing.value === entry.value) {
      const message = `${quote(entry.value)} is both allowed and denied`
      return [{ code: 'allowed-and-denied', path, message, hint: 'leave it out in one of them' }]
    }
    const message = `${quote(entry.value)} stays closed: the rule denies ${quote(closing.value)}`
    return [{ code: 'allow-below-deny', path, message, hint: 'deny is stronger than allow' }]
  })
}

const isBelow = (path: string, parent: string): boolean => `${path}/`.startsWith(`${parent}/`)

type Switch = 'phones' | 'guestJoin'

/** The kinds of names on which a switch does something. */
export const kindsWithSwitch: Readonly<Record<Switch, readonly PublishKind[]>> = {
  phones: ['web-services', 'anything'],
  guestJoin: ['meet', 'web-services', 'anything'],
}

function findForeignSwitches(rule: RuleDraft): readonly Finding[] {
  return (['phones', 'guestJoin'] as const).flatMap((key) => {
    const { path, publish } = rule
    if (rule[key] !== true || !publish || kindsWithSwitch[key].includes(publish)) return []
    const message = `${quote(key)} does nothing on names that publish ${publish}`
    const hint = `it is for ${kindsWithSwitch[key].join(', ')}`
    return [{ code: 'not-for-this-kind', path: [...path, key], message, hint }]
  })
}

function findIdleStrict(rule: RuleDraft, { paths }: Draft): readonly Finding[] {
  if (paths !== 'strict' || rule.publish !== 'anything') return []
  const message = '"anything" has no catalogue: strict does nothing here'
  const hint = 'publish what it is, or close paths with "deny"'
  return [{ code: 'strict-without-catalogue', path: [...rule.path, 'publish'], message, hint }]
}
