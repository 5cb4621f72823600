/** Keys of a certificate that belong together, and what weakens the way to the servers. */
import type { Draft, PoolDraft } from './draft.ts'
import type { Finding } from './finding.ts'
import type { KeyPath } from './problem.ts'
import { quote } from './quote.ts'

/** All findings about certificates of either side. */
export function checkCertificates({ certificates, pools }: Draft): readonly Finding[] {
  return [
    ...certificates.flatMap(({ path, keys }) => checkEntry(path, keys)),
    ...pools.flatMap(checkPool),
  ]
}

function checkEntry(path: KeyPath, keys: readonly string[]): readonly Finding[] {
  if (!keys.includes('pfx')) return checkPair(path, keys, ['cert', 'key'])
  return ['cert', 'key', 'chain']
    .filter((key) => keys.includes(key))
    .map((key) => ({
      code: 'pfx-and-pem',
      path: [...path, key],
      at: 'key',
      message: `${quote(key)} stands beside "pfx", which holds certificate, chain and key`,
      hint: 'keep one of the two',
    }))
}

/** Keys that are missing of a pair that must be whole. */
function checkPair(
  path: KeyPath,
  keys: readonly string[],
  pair: readonly string[],
): readonly Finding[] {
  return pair
    .filter((key) => !keys.includes(key))
    .map((key) => ({
      code: 'missing-key',
      path: [...path, key],
      message: `${quote(key)} is missing`,
      hint: 'a certificate is "cert" with "key", or "pfx"',
    }))
}

function checkPool(pool: PoolDraft): readonly Finding[] {
  return [...findHalfClientCertificate(pool), ...findUnverified(pool), ...findOldVersion(pool)]
}

function findHalfClientCertificate({ path, tlsKeys }: PoolDraft): readonly Finding[] {
  if (!['cert', 'key', 'passphraseFile'].some((key) => tlsKeys.includes(key))) return []
  return checkPair([...path, 'tls'], tlsKeys, ['cert', 'key']).map((finding) => ({
    ...finding,
    hint: 'a client certificate is "cert" with "key"',
  }))
}

function findUnverified({ path, name, insecureSkipVerify }: PoolDraft): readonly Finding[] {
  if (insecureSkipVerify !== true) return []
  const message = `the certificates of ${quote(name)} are not verified`
  const hint = 'name the root certificate of the servers under "ca" instead'
  return [{ code: 'insecure-tls', path: [...path, 'tls', 'insecureSkipVerify'], message, hint }]
}

function findOldVersion({ path, name, minVersion }: PoolDraft): readonly Finding[] {
  if (minVersion !== 'TLSv1' && minVersion !== 'TLSv1.1') return []
  const message = `${quote(name)} is reached with ${minVersion}, weak ciphers and weak certificates too`
  const hint = 'switch on TLS 1.2 in SChannel of the servers (Windows Server 2008 R2 and later)'
  return [{ code: 'old-tls', path: [...path, 'tls', 'minVersion'], message, hint }]
}
