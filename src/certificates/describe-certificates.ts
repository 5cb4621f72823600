/** The certificates of a configuration as people ask for them: names, end, and what each is there for. */
import type { ListenerRule, PublishingRule, Rules } from '../config/rules.ts'
import { coversHost, type LoadedCertificate } from './certificate.ts'
import { daysLeft } from './expiry.ts'

/** One certificate. */
export interface CertificateRow {
  readonly names: readonly string[]
  readonly issuer: string
  readonly notAfter: Date
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
  /** Those of `needed` that no certificate covers. */
  readonly missing: readonly string[]
}

/** Pure: the same answer for a file and for a running proxy. */
export function describeCertificates(
  certificates: readonly LoadedCertificate[],
  { rules, listeners }: Pick<Rules, 'rules' | 'listeners'>,
  now: Date,
): CertificateOverview {
  const served = rules.filter((rule) => wantsHttps(rule, listeners))
  const needed = [...new Set(served.flatMap(({ hosts }) => hosts))]
  return {
    certificates: certificates.map((certificate) => ({
      names: certificate.names,
      issuer: certificate.issuer,
      notAfter: certificate.notAfter,
      daysLeft: daysLeft(certificate, now),
      keyType: [certificate.keyType.toUpperCase(), certificate.keyBits]
        .filter((part) => part !== undefined)
        .join(' '),
      rules: served
        .filter(({ hosts }) => hosts.some((host) => coversHost([certificate], host)))
        .map(({ name }) => name),
    })),
    needed,
    missing: needed.filter((host) => !coversHost(certificates, host)),
  }
}

/** Whether clients may ask for the rule's names by TLS. */
export const wantsHttps = (rule: PublishingRule, listeners: readonly ListenerRule[]): boolean =>
  rule.https === 'serve' &&
  listeners.some(
    ({ name, httpsPort }) =>
      httpsPort !== undefined && (rule.listeners.length === 0 || rule.listeners.includes(name)),
  )
