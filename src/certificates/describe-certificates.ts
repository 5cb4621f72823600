/** The certificates of a configuration as people ask for them: names, end, and what each is there for. */
import type { ListenerRule, PublishingRule, Rules } from '../config/rules.ts'
import { coversHost, type LoadedCertificate } from './certificate.ts'
import { daysLeft } from './expiry.ts'

/** One certificate. */
export interface CertificateRow {
  /** Towards clients, or on the admin address. */
  readonly shownTo: 'clients' | 'administrators'
  readonly names: readonly string[]
  readonly issuer: string
  /** ISO 8601. */
  readonly notAfter: string
  /** Whole days, rounded down; negative when it is over. */
  readonly daysLeft: number
  /** `RSA 2048`, `EC`, `ED25519`. */
  readonly keyType: string
  /** Names of the rules with a host that it covers, in the order of the file. */
  readonly rules: readonly string[]
}

/** All of them, and what they are for. */
export interface CertificateOverview {
  readonly certificates: readonly CertificateRow[]
  /** Published names that want HTTPS, in the order of the file: what the subject alternative names must cover. */
  readonly needed: readonly string[]
  /** Those of `needed` that ACME is still to obtain a certificate for. */
  readonly pending: readonly string[]
  /** Those of `needed` that no certificate covers, and none is to be obtained for. */
  readonly missing: readonly string[]
}

export interface Described {
  readonly certificates: readonly LoadedCertificate[]
  readonly rules: Pick<Rules, 'rules' | 'listeners'>
  /** Names that ACME obtains certificates for. */
  readonly acmeNames: readonly string[]
  readonly admin?: { readonly certificate: LoadedCertificate | undefined } | undefined
}

/** Pure: the same answer for a file and for a running proxy. */
export function describeCertificates(described: Described, now: Date): CertificateOverview {
  const { certificates, acmeNames, admin } = described
  const { rules, listeners } = described.rules
  const served = rules.filter((rule) => wantsHttps(rule, listeners))
  const needed = [...new Set(served.flatMap(({ hosts }) => hosts))]
  const uncovered = needed.filter((host) => !coversHost(certificates, host))
  const rulesOf = (certificate: LoadedCertificate): readonly string[] =>
    served
      .filter(({ hosts }) => hosts.some((host) => coversHost([certificate], host)))
      .map(({ name }) => name)
  const shown = admin?.certificate ? [rowOf(admin.certificate, 'administrators', [], now)] : []
  return {
    certificates: [
      ...certificates.map((each) => rowOf(each, 'clients', rulesOf(each), now)),
      ...shown,
    ],
    needed,
    pending: uncovered.filter((host) => acmeNames.includes(host)),
    missing: uncovered.filter((host) => !acmeNames.includes(host)),
  }
}

function rowOf(
  certificate: LoadedCertificate,
  shownTo: CertificateRow['shownTo'],
  rules: readonly string[],
  now: Date,
): CertificateRow {
  const { names, issuer, notAfter, keyType, keyBits } = certificate
  return {
    shownTo,
    names,
    issuer,
    notAfter: notAfter.toISOString(),
    daysLeft: daysLeft(certificate, now),
    keyType: [keyType.toUpperCase(), keyBits].filter((part) => part !== undefined).join(' '),
    rules,
  }
}

/** Whether clients may ask for the rule's names by TLS. */
export const wantsHttps = (rule: PublishingRule, listeners: readonly ListenerRule[]): boolean =>
  rule.https === 'serve' &&
  listeners.some(
    ({ name, httpsPort }) =>
      httpsPort !== undefined && (rule.listeners.length === 0 || rule.listeners.includes(name)),
  )
