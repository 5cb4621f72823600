/** What `acme` of the rules file adds to a configuration: the names it is for, and the certificates that are there. */
import { access, constants, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { certificateFile } from '../acme/storage.ts'
import { wantedNames } from '../acme/wanted-names.ts'
import { coversName, type LoadedCertificate } from '../certificates/certificate.ts'
import { loadCertificate } from '../certificates/load-certificate.ts'
import type { LoadedRules } from '../config/load.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { AcmeRule, PemRule } from '../config/rules.ts'
import type { Material } from './material.ts'

export interface AcmeProblem extends Pick<Problem, 'severity' | 'code' | 'message' | 'hint'> {
  readonly where: KeyPath
}

export interface ReadAcme {
  readonly names: readonly string[]
  readonly certificates: readonly LoadedCertificate[]
  readonly problems: readonly AcmeProblem[]
}

/** @param certificates those of the file */
export async function readAcme(
  { rules }: LoadedRules,
  certificates: readonly LoadedCertificate[],
  now: Date,
): Promise<ReadAcme> {
  const { acme } = rules
  if (!acme) return { names: [], certificates: [], problems: [] }
  const names = wantedNames(rules, certificates)
  const problems = [...(await checkFiles(acme)), ...(await checkStorage(acme))]
  const obtained: LoadedCertificate[] = []
  const use = { purpose: 'server', isStapled: rules.ocspStapling === 'on' } as const
  for (const name of names) {
    const path = certificateFile(acme.storage, name)
    if (!(await isThere(path))) continue
    const { certificate, troubles } = await loadCertificate(pemRule(path), now, use)
    if (certificate) obtained.push(certificate)
    // Never an error: a damaged file of the storage is obtained anew and must not stop the proxy.
    for (const { code, message, hint } of troubles) {
      problems.push({ where: ['acme', 'storage'], severity: 'warning', code, message, hint })
    }
  }
  return { names, certificates: obtained, problems }
}

/** Chain and key are in one file. */
const pemRule = (path: string): PemRule => ({
  kind: 'pem',
  certFile: path,
  keyFile: path,
  chainFile: undefined,
  passphraseFile: undefined,
})

const MOST_NAMES = 20

/** Which names certificates are obtained for, in sentences for `lyncgate check`. */
export function describeAcme({ rules, acmeNames, certificates }: Material): readonly string[] {
  const { acme } = rules
  if (!acme) return []
  if (acmeNames.length === 0)
    return ['acme orders nothing: certificates of the file cover all names']
  const missing = acmeNames.filter((name) => !coversName(certificates, name))
  return [
    `acme obtains certificates for ${listOf(acmeNames)} from ${acme.authorities[0]?.directory}`,
    missing.length === 0
      ? 'acme: there is a certificate for each of them'
      : `acme orders ${listOf(missing)} as soon as lyncgate runs: port 80 of each must lead to it`,
  ]
}

function listOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMES
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

async function checkFiles({ authorities }: AcmeRule): Promise<readonly AcmeProblem[]> {
  const problems: AcmeProblem[] = []
  for (const [index, { caFile, eab }] of authorities.entries()) {
    const base = index === 0 ? ['acme'] : ['acme', 'fallbacks', index - 1]
    const roots =
      caFile === undefined ? undefined : await tryRead([...base, 'ca'], caFile, problems)
    if (roots !== undefined && !roots.includes('-----BEGIN CERTIFICATE-----')) {
      problems.push({
        where: [...base, 'ca'],
        severity: 'error',
        code: 'not-a-certificate',
        message: `${caFile} holds no PEM certificate`,
        hint: 'export the root of the authority as Base-64 (PEM)',
      })
    }
    if (eab) await tryRead([...base, 'eab', 'key'], eab.keyFile, problems)
  }
  return problems
}

async function tryRead(
  where: KeyPath,
  path: string,
  problems: AcmeProblem[],
): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    problems.push({
      where,
      severity: 'error',
      code: 'unreadable-file',
      message: `cannot read ${path} (${(error as NodeJS.ErrnoException).code})`,
      hint: 'check the path, and that the user lyncgate runs as may read it',
    })
    return undefined
  }
}

/** A warning only: `lyncgate check` may be run by another user. */
async function checkStorage({ storage }: AcmeRule): Promise<readonly AcmeProblem[]> {
  try {
    await access(await nearest(storage), constants.W_OK | constants.X_OK)
    return []
  } catch {
    return [
      {
        where: ['acme', 'storage'],
        severity: 'warning',
        code: 'storage-not-writable',
        message: `cannot write into ${storage}`,
        hint: 'the user lyncgate runs as must own it; without it nothing is ordered',
      },
    ]
  }
}

/** The directory, or the nearest one above it that is there. */
async function nearest(path: string): Promise<string> {
  return (await isThere(path)) || dirname(path) === path ? path : nearest(dirname(path))
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
