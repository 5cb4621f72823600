/** Certificates for both sides of mutual TLS, made by `openssl` itself. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './real-process.ts'

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  /** Certificate and key in one file, as HAProxy wants them. */
  readonly both: string
}

export interface MutualCertificates {
  /** The root that both sides trust. */
  readonly ca: string
  issue(name: string): Promise<CertificateFiles>
}

/** A root and what it issues, in files of a directory. Certificates are good for servers and for clients, as SIP wants. */
export async function createMutualCertificates(directory: string): Promise<MutualCertificates> {
  const path = (name: string): string => join(directory, name)
  const openssl = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram({ program: 'openssl', args })
    if (code !== 0) throw new Error(stderr)
    return stdout
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = path('ca.pem')
  const root = ['-x509', '-days', '2', '-subj', '/CN=SIP Root', '-keyout', path('ca.key')]
  await openssl('req', ...key, ...root, '-out', ca)
  let serial = 0
  const issue = async (name: string): Promise<CertificateFiles> => {
    const files = {
      cert: path(`${name}.pem`),
      key: path(`${name}.key`),
      both: path(`${name}.both`),
    }
    const request = path(`${name}.csr`)
    await openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', request)
    const extensions = path(`${name}.ext`)
    await writeFile(
      extensions,
      `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth,clientAuth\n`,
    )
    const issuer = ['-CA', ca, '-CAkey', path('ca.key'), '-set_serial', String(++serial)]
    const signed = ['-req', '-in', request, '-days', '2', ...issuer, '-extfile', extensions]
    const pem = await openssl('x509', ...signed)
    await writeFile(files.cert, pem)
    await writeFile(files.both, pem + (await openssl('pkey', '-in', files.key)))
    return files
  }
  return { ca, issue }
}
