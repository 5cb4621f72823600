/** What port 80 does for a kind of name when the rule does not say, and on whose word. */
import type { PublishingRule, PublishKind } from './rules.ts'

export interface PlainHttpDefault {
  readonly action: PublishingRule['http']
  readonly source: string
}

/** The default of `rules[].http` by kind. */
export const plainHttpDefaults: Readonly<Record<PublishKind, PlainHttpDefault>> = {
  autodiscover: {
    action: 'forward',
    source:
      'Microsoft Hh690011: port 80 of lyncdiscover goes to 8080, "Verify Redirect to SSL port is not selected"; clients ask over HTTP first (UCWA, RootURL)',
  },
  'web-services': {
    action: 'redirect',
    source:
      'IIS redirects 80 to 443 itself, except for phones (msxfaq.de, LyncWeb Services); what phones need is forwarded when the rule says "phones: true"',
  },
  meet: {
    action: 'redirect',
    source:
      'simple URLs begin with https:// (Microsoft, simple URLs); IIS would redirect (msxfaq.de, LyncWeb Services)',
  },
  dialin: {
    action: 'redirect',
    source:
      'simple URLs begin with https:// (Microsoft, simple URLs); IIS would redirect (msxfaq.de, LyncWeb Services)',
  },
  'office-web-apps': {
    action: 'refuse',
    source: 'Microsoft JJ204665: published over HTTPS only',
  },
  exchange: {
    action: 'redirect',
    source: 'people type the name without https://; clients never use HTTP',
  },
  'communicator-web-access': {
    action: 'refuse',
    source: 'Microsoft bb663581: "Using HTTP is not supported"',
  },
  anything: { action: 'forward', source: 'nothing is known about such a name' },
}
