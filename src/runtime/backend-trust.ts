/** How the servers of a pool are trusted: read from the files of the rules, compiled once per pool. */
import { readFile } from 'node:fs/promises'
import {
  createSecureContext,
  getCACertificates,
  rootCertificates,
  type SecureContext,
} from 'node:tls'
import { loadCertificate } from '../certificates/load-certificate.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { PemRule, PoolRule, TlsVersion } from '../config/rules.ts'

/** Plain data: two that are equal make equal contexts. */
export interface BackendTrust {
  /** PEM. */
  readonly roots: string
  readonly minVersion: TlsVersion
  /** Shown to servers that ask for one. */
  readonly client: { readonly certPem: string; readonly keyPem: string } | undefined
}

type Trouble = Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>

/** Reads it. What is wrong goes to `report`; then the result is not to be used. */
export async function readBackendTrust(
  { name, tls }: PoolRule,
  now: Date,
  report: (where: KeyPath, trouble: Trouble) => void,
): Promise<BackendTrust> {
  const where = ['pools', name, 'tls']
  const { caFile, minVersion, clientCertificate } = tls
  const roots =
    caFile === undefined
      ? systemRoots()
      : await readRoots(caFile, (trouble) => report([...where, 'ca'], trouble))
  const client = await readClient(clientCertificate, now, (key, trouble) =>
    report([...where, key], trouble),
  )
  return { roots, minVersion, client }
}

/**
 * What OpenSSL offers by itself, but a key is made beforehand for X25519 alone (the star). Servers of Lync know nothing of
 * the hybrid, whose key is a twentieth of the cost of a connection and takes 8 KB for as long as it stands. A server that
 * wants the hybrid asks and gets it, for one more round trip (RFC 8446 4.1.4).
 */
const GROUPS = '*X25519:X25519MLKEM768:P-256:X448:P-384:P-521:ffdhe2048:ffdhe3072'

/**
 * OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 only, where it also takes SHA-1 signatures and short keys; for
 * all other pools the level stays what it is.
 */
export function compileBackendTrust({ roots, minVersion, client }: BackendTrust): SecureContext {
  const isOld = minVersion === 'TLSv1' || minVersion === 'TLSv1.1'
  return createSecureContext({
    ca: roots,
    minVersion,
    ecdhCurve: GROUPS,
    ...(isOld ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
    ...(client ? { cert: client.certPem, key: client.keyPem } : {}),
  })
}

async function readClient(
  rule: PemRule | undefined,
  now: Date,
  report: (key: string, trouble: Trouble) => void,
): Promise<BackendTrust['client']> {
  if (!rule) return undefined
  const { certificate, troubles } = await loadCertificate(rule, now, {
    purpose: 'client',
    isStapled: false,
  })
  for (const { file, ...trouble } of troubles) report(file, trouble)
  return certificate && { certPem: certificate.certPem, keyPem: certificate.keyPem }
}

async function readRoots(caFile: string, report: (trouble: Trouble) => void): Promise<string> {
  try {
    const pem = await readFile(caFile, 'utf8')
    createSecureContext({ ca: pem })
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('E') && !code.startsWith('ERR')) {
      report({
        severity: 'error',
        code: 'unreadable-file',
        message: `cannot read ${caFile} (${code})`,
        hint: 'check the path, and that the user lyncgate runs as may read it',
      })
      return ''
    }
  }
  report({
    severity: 'error',
    code: 'not-a-certificate',
    message: `${caFile} holds no PEM certificate`,
    hint: 'export the root of the company CA as Base-64 (PEM)',
  })
  return ''
}

/** Mozilla's roots as Node ships them, and those of the machine or image. */
const systemRoots = (): string =>
  [...new Set([...rootCertificates, ...getCACertificates('system')])].join('\n')
