/** How the name of a server stands to the SIP domain it serves: the rule of open federation. */
import { isIP } from 'node:net'

export type NameRelation =
  | 'same'
  /** Exactly one label below the domain: `sip.contoso.com`. */
  | 'below'
  | 'deeper'
  /** A hosting provider that Lync and Skype for Business know by this name. */
  | 'hosted'
  /** The zone was added twice: a dot is missing at the end. */
  | 'doubled'
  | 'address'
  | 'elsewhere'

/**
 * Names of Microsoft 365 per cloud (world, US government, US defence, China); the first one also stands in the second
 * seed as the exception to the rule.
 */
const hostingProviders: ReadonlySet<string> = new Set([
  'sipfed.online.lync.com',
  'sipfed.online.gov.skypeforbusiness.us',
  'sipfed.online.dod.skypeforbusiness.us',
  'sipfed.online.partner.lync.cn',
  'sipdir.online.lync.com',
  'sipdir.online.gov.skypeforbusiness.us',
  'sipdir.online.dod.skypeforbusiness.us',
  'sipdir.online.partner.lync.cn',
])

/** Both in lower case without the dot at the end. */
export function relateName(target: string, domain: string): NameRelation {
  if (isIP(target) !== 0) return 'address'
  if (target === domain) return 'same'
  if (hostingProviders.has(target)) return 'hosted'
  if (target.endsWith(`.${domain}.${domain}`)) return 'doubled'
  if (!target.endsWith(`.${domain}`)) return 'elsewhere'
  return target.slice(0, -domain.length - 1).includes('.') ? 'deeper' : 'below'
}
