/** What port 80 is for: the paths that clients of Lync need without TLS, and the default of each kind of name. */
import type { PublishKind } from '../config/rules.ts'

/** What port 80 does: hand on, send to TLS, or nothing. `phones`: hand on what phones need, send the rest to TLS. */
export type PlainHttpAction = 'forward' | 'redirect' | 'refuse'

export interface PlainHttpDefault {
  readonly action: PlainHttpAction
  readonly source: string
}

/** The default of `rules[].http` by kind. */
export const plainHttpDefaults: Readonly<Record<PublishKind, PlainHttpDefault>> = {
  autodiscover: {
    action: 'forward',
    source:
      'Microsoft Hh690011: port 80 of lyncdiscover goes to 8080, "Verify Redirect to SSL port is not selected"; clients ask over HTTP first (UCWA RootURL)',
  },
  'web-services': {
    action: 'redirect',
    source:
      'IIS sends 80 to 443 itself except for phones (msxfaq.de, LyncWeb Services); phones are switched on by the rule, then their paths go to 8080',
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
  'office-web-apps': { action: 'refuse', source: 'Microsoft JJ204665: published over HTTPS only' },
  exchange: {
    action: 'redirect',
    source: 'browsers type the name without https; clients never use HTTP',
  },
  'communicator-web-access': {
    action: 'refuse',
    source: 'Microsoft bb663581: "Using HTTP is not supported"',
  },
  anything: { action: 'forward', source: 'nothing is known about the name' },
}

/**
 * What Lync Phone Edition asks over plain HTTP before it has a certificate: the root chain and its firmware
 * (msxfaq.de, LyncWeb Services, IIS log; Get-CsService for the external path).
 */
export const phonePaths: readonly string[] = [
  '/certprov/certprovisioningservice.svc/anon',
  '/requesthandlerext',
  '/requesthandler/files/ucphone',
]
