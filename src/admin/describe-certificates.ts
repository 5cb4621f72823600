/** The certificates that are served at this moment, in the shape of `GET /api/certificates`. */
import type { LoadedCertificate } from '../certificates/certificate.ts'
import type { Assembled } from '../runtime/assemble.ts'

export interface CertificateStatus {
  /** Towards clients, or on the admin address. */
  readonly shownTo: 'clients' | 'administrators'
  readonly names: readonly string[]
  readonly issuer: string
  readonly notAfter: string
  /** Whole days; negative: expired. */
  readonly daysLeft: number
}

const DAY_MS = 86_400_000

export function describeCertificates(
  { certificates, admin }: Pick<Assembled, 'certificates' | 'admin'>,
  now: Date,
): readonly CertificateStatus[] {
  const describe =
    (shownTo: CertificateStatus['shownTo']) =>
    ({ names, issuer, notAfter }: LoadedCertificate): CertificateStatus => ({
      shownTo,
      names,
      issuer: issuer.replaceAll('\n', ', '),
      notAfter: notAfter.toISOString(),
      daysLeft: Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS),
    })
  return [
    ...certificates.map(describe('clients')),
    ...(admin?.certificate ? [describe('administrators')(admin.certificate)] : []),
  ]
}
