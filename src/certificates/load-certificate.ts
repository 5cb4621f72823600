/** Reads and checks the files of one certificate: the one place where that can go wrong. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { CertificateRule, PemRule, PfxRule } from '../config/rules.ts'
import type { LoadedCertificate } from './certificate.ts'
import { buildChain } from './chain.ts'
import { type Inspected, inspectCertificate, toLoaded } from './inspect-certificate.ts'
import { certificatesIn, type KeyTrouble, keyIn, readPem } from './pem.ts'
import { type PfxTrouble, readPfx } from './pfx.ts'
import {
  type CertificateKey,
  type CertificateTrouble,
  type TroubleCode,
  trouble,
} from './trouble.ts'

export interface CertificateLoad {
  readonly certificate: LoadedCertificate | undefined
  readonly troubles: readonly CertificateTrouble[]
}

/** More than a chain with the largest keys. */
const MAX_BYTES = 1024 * 1024

/** Certificates and key, however they were stored. */
interface Material {
  readonly certificates: readonly X509Certificate[]
  readonly key: KeyObject
}

/** `purpose` is `client` for one that is shown to servers. */
export type CertificateUse = Pick<Inspected, 'purpose' | 'isStapled'>

/** Reads and checks one certificate. Never throws: every trouble is a value with its own advice. */
export async function loadCertificate(
  rule: CertificateRule,
  now: Date,
  use: CertificateUse,
): Promise<CertificateLoad> {
  const report: Report = []
  const material = await (rule.kind === 'pem'
    ? readPemFiles(rule, report)
    : readPfxFile(rule, report))
  if (!material) return { certificate: undefined, troubles: report }
  const chain = buildChain(material.certificates, material.key)
  if (!chain) {
    if (rule.kind === 'pem') {
      add(
        report,
        'key-mismatch',
        { file: 'key', message: `${rule.keyFile} is not the key of ${rule.certFile}` },
        'the two files must come from the same request',
      )
    } else {
      add(
        report,
        'key-mismatch',
        { file: 'pfx', message: `the key in ${rule.pfxFile} belongs to none of its certificates` },
        'export the certificate together with its own key',
      )
    }
    return { certificate: undefined, troubles: report }
  }
  const inspected: Inspected = {
    chain,
    key: material.key,
    path: rule.kind === 'pem' ? rule.certFile : rule.pfxFile,
    file: rule.kind === 'pem' ? 'cert' : 'pfx',
    ...use,
  }
  const troubles = [...report, ...inspectCertificate(inspected, now)]
  const isUsable = troubles.every(({ severity }) => severity !== 'error')
  return { certificate: isUsable ? toLoaded(inspected) : undefined, troubles }
}

/** What is wrong so far. */
type Report = CertificateTrouble[]

function add(
  report: Report,
  code: TroubleCode,
  what: { file: CertificateKey; message: string },
  hint: string,
): undefined {
  report.push(trouble(code, what, hint))
  return undefined
}

async function readPemFiles(rule: PemRule, report: Report): Promise<Material | undefined> {
  const { certFile, keyFile, chainFile, passphraseFile } = rule
  const own = await readCertificates(certFile, 'cert', report)
  const more = chainFile === undefined ? [] : await readCertificates(chainFile, 'chain', report)
  const passphrase = await readPassphrase(passphraseFile, report)
  if (passphraseFile !== undefined && passphrase === undefined) return undefined
  const key = await readKey(keyFile, passphrase, report)
  return own && more && key ? { certificates: [...own, ...more], key } : undefined
}

async function readCertificates(
  path: string,
  file: 'cert' | 'chain',
  report: Report,
): Promise<readonly X509Certificate[] | undefined> {
  const bytes = await readBounded({ path, file, isSecret: false }, report)
  if (!bytes) return undefined
  const { blocks, isTruncated } = readPem(bytes.toString('latin1'))
  const certificates = certificatesIn(blocks)
  if (certificates === 'damaged' || isTruncated) {
    return add(
      report,
      'truncated-file',
      { file, message: `${path} is damaged: a certificate in it is not whole` },
      'copy it again, from the first -----BEGIN to the last -----END line',
    )
  }
  if (certificates.length > 0) return certificates
  const isDer = bytes[0] === 0x30
  return add(
    report,
    'not-a-certificate',
    { file, message: `${path} holds no PEM certificate` },
    isDer
      ? 'it is binary: for a .pfx write "pfx", for a .cer convert it: openssl x509 -inform der'
      : 'the file must begin with the server certificate, then its intermediates, all as PEM',
  )
}

async function readKey(
  path: string,
  passphrase: string | undefined,
  report: Report,
): Promise<KeyObject | undefined> {
  const bytes = await readBounded({ path, file: 'key', isSecret: true }, report)
  if (!bytes) return undefined
  const { blocks, isTruncated } = readPem(bytes.toString('latin1'))
  const read = keyIn(blocks, passphrase)
  if (typeof read === 'string') {
    const [code, message, hint] = isTruncated && read !== 'encrypted' ? CUT_KEY : keyAdvice[read]
    return add(report, code, { file: 'key', message: `${path} ${message}` }, hint)
  }
  if (!read.isEncrypted && passphrase !== undefined) {
    add(
      report,
      'needless-passphrase',
      {
        file: 'passphraseFile',
        message: `${path} is not encrypted, so the passphrase is not used`,
      },
      'leave "passphraseFile" out, or encrypt the key',
    )
  }
  return read.key
}

type Advice = readonly [code: TroubleCode, message: string, hint: string]

const CUT_KEY: Advice = [
  'truncated-file',
  'is damaged: the key in it is not whole',
  'copy it again, from the -----BEGIN to the -----END line',
]

const keyAdvice: Readonly<Record<KeyTrouble, Advice>> = {
  none: ['not-a-key', 'holds no PEM private key', 'it must hold one PEM private key'],
  damaged: CUT_KEY,
  encrypted: [
    'encrypted-key',
    'is an encrypted key',
    'put its passphrase into a file and name that under "passphraseFile", or store the key without one: openssl pkey -in old.key -out new.key',
  ],
  'wrong-passphrase': [
    'wrong-passphrase',
    'cannot be decrypted with the passphrase',
    'the first line of the passphrase file must be the passphrase, nothing before or after it',
  ],
}

async function readPfxFile(rule: PfxRule, report: Report): Promise<Material | undefined> {
  const { pfxFile: path, passphraseFile } = rule
  const bytes = await readBounded({ path, file: 'pfx', isSecret: true }, report)
  const passphrase = await readPassphrase(passphraseFile, report)
  if (!bytes || (passphraseFile !== undefined && passphrase === undefined)) return undefined
  const read = readPfx(bytes, passphrase ?? '')
  if (typeof read !== 'string') return read
  const isUntold = read === 'wrong-passphrase' && passphraseFile === undefined
  const [code, message, hint] = isUntold ? ENCRYPTED_PFX : pfxAdvice[read]
  return add(report, code, { file: 'pfx', message: `${path} ${message}` }, hint)
}

const ENCRYPTED_PFX: Advice = [
  'encrypted-key',
  'needs a passphrase',
  'put it into a file and name that under "passphraseFile"',
]

const pfxAdvice: Readonly<Record<PfxTrouble, Advice>> = {
  'not-a-pfx': [
    'not-a-pfx',
    'is no PKCS #12 file, or is damaged',
    'export it again from Windows with private key and chain, or write "cert" and "key" for PEM files',
  ],
  'old-encryption': [
    'old-pfx-encryption',
    'is encrypted with an algorithm that OpenSSL 3 no longer has (RC2)',
    'export it again with AES256-SHA256, or convert it: openssl pkcs12 -legacy -in old.pfx -nodes, then use the PEM files',
  ],
  'wrong-passphrase': keyAdvice['wrong-passphrase'],
  'no-key': [
    'not-a-key',
    'holds no private key',
    'export it again and choose "Yes, export the private key"',
  ],
}

/** The first line. Undefined: there is none to read. */
async function readPassphrase(
  path: string | undefined,
  report: Report,
): Promise<string | undefined> {
  if (path === undefined) return undefined
  const bytes = await readBounded({ path, file: 'passphraseFile', isSecret: true }, report)
  if (!bytes) return undefined
  const [line = ''] = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
  if (line !== '' && line.length <= 1024) return line
  return add(
    report,
    'bad-passphrase-file',
    { file: 'passphraseFile', message: `the first line of ${path} is empty or too long` },
    'write the passphrase on its first line, as UTF-8',
  )
}

interface Asked {
  readonly path: string
  readonly file: CertificateKey
  readonly isSecret: boolean
}

async function readBounded(
  { path, file, isSecret }: Asked,
  report: Report,
): Promise<Buffer | undefined> {
  const unreadable = (why: string): undefined =>
    add(
      report,
      'unreadable-file',
      { file, message: `cannot read ${path} (${why})` },
      'check the path, and that the user lyncgate runs as may read it',
    )
  try {
    // A pipe would keep a thread waiting for its writer.
    const found = await stat(path)
    if (!found.isFile()) return unreadable('it is no file')
    if (found.size > MAX_BYTES) {
      const message = `${path} is larger than 1 MiB`
      return add(report, 'file-too-large', { file, message }, 'is it the right file?')
    }
    if (isSecret && process.platform !== 'win32' && (found.mode & 0o006) !== 0) {
      add(
        report,
        'key-readable-by-all',
        { file, message: `every user of this machine can read or change ${path}` },
        'chmod 600, owned by the user lyncgate runs as; a Kubernetes secret: defaultMode: 0440 with fsGroup',
      )
    }
    return await readFile(path)
  } catch (error) {
    return unreadable((error as NodeJS.ErrnoException).code ?? 'unknown')
  }
}
