/** The content of files in few bytes, to tell whether a configuration would come out the same. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { certificateFile } from '../acme/storage.ts'
import { wantedNames } from '../acme/wanted-names.ts'
import type { CertificateRule, Rules } from '../config/rules.ts'

/** By path: a hash of the bytes, or why they cannot be read. */
export type Digest = ReadonlyMap<string, string>

/** Every file that the rules refer to, each once. */
export const filesOf = (rules: Rules): readonly string[] => [
  ...new Set([
    ...[...rules.certificates, ...rules.pools.map(({ tls }) => tls.clientCertificate)].flatMap(
      filesOfOne,
    ),
    ...acmeFilesOf(rules),
    ...(rules.sessionTickets.secretFile === undefined ? [] : [rules.sessionTickets.secretFile]),
    ...rules.pools.flatMap(({ tls: { caFile } }) => (caFile === undefined ? [] : [caFile])),
    ...sharedFilesOf(rules),
    ...(rules.admin?.tokenFile === undefined ? [] : [rules.admin.tokenFile]),
    ...(rules.admin?.tls ? [rules.admin.tls.certFile, rules.admin.tls.keyFile] : []),
  ]),
]

const sharedFilesOf = ({ signInGuard: { shared } }: Rules): readonly string[] =>
  [shared?.passwordFile, shared?.caFile, shared?.secretFile].filter((file) => file !== undefined)

const filesOfOne = (rule: CertificateRule | undefined): readonly string[] =>
  (rule === undefined
    ? []
    : rule.kind === 'pfx'
      ? [rule.pfxFile, rule.passphraseFile]
      : [rule.certFile, rule.keyFile, rule.chainFile, rule.passphraseFile]
  ).filter((file) => file !== undefined)

/** Also those that are not there yet. Names that the file covers are among them: which these are, only its certificates tell. */
const acmeFilesOf = (rules: Rules): readonly string[] => {
  const { acme } = rules
  return acme ? wantedNames(rules, []).map((name) => certificateFile(acme.storage, name)) : []
}

export async function digestOf(paths: Iterable<string>): Promise<Digest> {
  const digest = new Map<string, string>()
  for (const path of paths) digest.set(path, await digestFile(path))
  return digest
}

export const isSameDigest = (one: Digest, other: Digest): boolean =>
  one.size === other.size && [...one].every(([path, hash]) => other.get(path) === hash)

/** What tells cheaply that a file may be another one now; symbolic links are followed. */
export async function signatureOf(paths: Iterable<string>): Promise<string> {
  const signs: string[] = []
  for (const path of paths) {
    const sign = await stat(path, { bigint: true }).then(
      ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(),
      codeOf,
    )
    signs.push(sign)
  }
  return signs.join(' ')
}

async function digestFile(path: string): Promise<string> {
  try {
    // A pipe would keep a thread waiting for its writer.
    if (!(await stat(path)).isFile()) return 'no file'
    const bytes = await readFile(path)
    return createHash('sha256').update(bytes).digest('base64')
  } catch (error) {
    return codeOf(error)
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
