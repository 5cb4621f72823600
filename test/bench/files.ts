/** The folder of a run: certificates and the documents of the back end. */
import { createHash, randomFillSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../src/lab/authority.ts'

/** Served by the static back end. */
export const HOST = 'lyncweb.contoso.com'
/** Served by the Node back end; only lyncgate needs the name to tell them apart, the others have a port for each. */
export const NODE_HOST = 'node.contoso.com'
/** The name of both back ends in their certificate. */
export const BACKEND_NAME = 'pool01.contoso.local'

export const MEGABYTE = 1_000_000
export const LARGE_BYTES = 10 * MEGABYTE
export const MEDIUM_BYTES = 64 * 1024

export interface KeyPair {
  readonly certificate: string
  readonly key: string
  /** Both in one file, as HAProxy wants it. */
  readonly both: string
}

export interface BenchFiles {
  readonly directory: string
  readonly own: KeyPair
  readonly root: string
  readonly rootPem: string
  /** SHA-256 of the documents by path. */
  readonly digests: Readonly<Record<string, string>>
}

export function writeIn(directory: string, name: string, content: string | Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

export async function writeBenchFiles(): Promise<BenchFiles> {
  const directory = mkdtempSync(join(tmpdir(), 'lyncgate-bench-'))
  const authority = await createAuthority('Bench Root')
  const issued = await authority.issue({
    // wrk sends the address as the server name; the many hosts of one row are under the wildcard.
    names: [HOST, '*.contoso.com', BACKEND_NAME, '127.0.0.1'],
    ips: ['127.0.0.1'],
  })
  mkdirSync(join(directory, 'www'))
  const documents = { '/64k': MEDIUM_BYTES, '/10m': LARGE_BYTES }
  const digests = Object.entries(documents).map(([path, bytes]) => {
    const content = randomFillSync(Buffer.allocUnsafe(bytes))
    writeIn(directory, `www${path}`, content)
    return [path, createHash('sha256').update(content).digest('hex')]
  })
  return {
    directory,
    own: {
      certificate: writeIn(directory, 'own.pem', issued.certPem),
      key: writeIn(directory, 'own.key', issued.keyPem),
      both: writeIn(directory, 'both.pem', `${issued.certPem}\n${issued.keyPem}`),
    },
    root: writeIn(directory, 'root.pem', authority.certificatePem),
    rootPem: authority.certificatePem,
    digests: Object.fromEntries(digests),
  }
}
