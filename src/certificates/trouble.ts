/** What can be wrong with the files of a certificate, each with its own code and what to do. */

/** The keys of the rules file that name such files. */
export type CertificateKey = 'cert' | 'key' | 'chain' | 'pfx' | 'passphraseFile'

/** What is wrong; `file` is the key of the rules file that names the file in question. */
export interface CertificateTrouble {
  readonly file: CertificateKey
  readonly severity: 'error' | 'warning'
  readonly code: TroubleCode
  readonly message: string
  readonly hint: string
}

/** Codes are stable, scripts rely on them. docs/tls-and-certificates.md has a row for each. */
export const troubleSeverities = {
  'unreadable-file': 'error',
  'file-too-large': 'error',
  'not-a-certificate': 'error',
  'truncated-file': 'error',
  'not-a-key': 'error',
  'not-a-pfx': 'error',
  'old-pfx-encryption': 'error',
  'encrypted-key': 'error',
  'bad-passphrase-file': 'error',
  'wrong-passphrase': 'error',
  'key-mismatch': 'error',
  'weak-key': 'error',
  'weak-signature': 'error',
  'needless-passphrase': 'warning',
  'key-readable-by-all': 'warning',
  'certificate-expired': 'warning',
  'certificate-not-yet-valid': 'warning',
  'certificate-expires-soon': 'warning',
  'certificate-without-names': 'warning',
  'names-without-san': 'warning',
  'no-server-auth': 'warning',
  'must-staple': 'warning',
  'chain-order': 'warning',
  'chain-incomplete': 'warning',
} as const satisfies Record<string, 'error' | 'warning'>

export type TroubleCode = keyof typeof troubleSeverities

/** @param what the file the trouble is with, and what is wrong with it */
export function trouble(
  code: TroubleCode,
  { file, message }: { readonly file: CertificateKey; readonly message: string },
  hint: string,
): CertificateTrouble {
  return { file, severity: troubleSeverities[code], code, message, hint }
}
