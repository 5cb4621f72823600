/** What one check found out, in words that an administrator understands. */

export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export const GOOD: CheckResult = { ok: true }

export const bad = (reason: string): CheckResult => ({ ok: false, reason })

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'no answer to the connect',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'name not found in DNS',
  EAI_AGAIN: 'DNS does not answer',
  HPE_HEADER_OVERFLOW: 'head of the answer too large',
}

// OpenSSL's verdicts on a certificate have no common prefix.
const CERTIFICATE =
  /CERT|SELF_SIGNED|^UNABLE_TO|^CRL_|^INVALID_(?:CA|PURPOSE)|^PATH_LENGTH|^HOSTNAME/

/** A socket's or parser's error as a reason. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'UNSPECIFIED') return `certificate not accepted (${error.message})`
  const code = error.code ?? error.message
  const words = WORDS[code]
  if (words) return words
  if (CERTIFICATE.test(code)) return `certificate not accepted (${code})`
  if (code.startsWith('HPE_')) return `the answer is not HTTP (${code})`
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return `TLS failed (${code})`
  return code
}
