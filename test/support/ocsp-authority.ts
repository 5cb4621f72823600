/** A certification authority of `openssl`, with the status of each certificate in an index, and a responder for it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { LoadedCertificate } from '../../src/certificates/certificate.ts'
import { loadCertificate } from '../../src/certificates/load-certificate.ts'
import { type StapleSubject, stapleSubjectOf } from '../../src/certificates/ocsp/staple-subject.ts'
import { freePorts } from './free-ports.ts'
import { authorityExtensions, makeCertificate, openssl } from './openssl.ts'

export type Status = 'good' | 'revoked' | 'unknown'

export interface OcspAuthority {
  readonly directory: string
  /** Of the responder that `startResponder` starts; the certificates name it. */
  readonly port: number
  /** Makes `name.pem`, `name.key` and `name-chain.pem`, with the DNS names given. */
  issue(name: string, options?: IssueOptions): Promise<StapleSubject>
  /** As the proxy reads it. */
  load(name: string): Promise<LoadedCertificate>
  /** What the responder says of a certificate from now on; until then it does not know it. */
  setStatus(name: string, status: Status): Promise<void>
  /** An answer without a network. */
  answer(request: Buffer, options?: AnswerOptions): Promise<Buffer>
  /** Resolves when it answers. */
  startResponder(options?: AnswerOptions): Promise<{ stop(): Promise<void> }>
}

export interface IssueOptions {
  readonly names?: readonly string[]
  readonly key?: string
  /** Default: that of the authority's own responder. */
  readonly url?: string
  readonly extensions?: readonly string[]
}

export interface AnswerOptions {
  /** Whose certificate and key sign; default `responder`, `root` is the authority itself. */
  readonly signer?: string
  readonly more?: readonly string[]
}

const DAY_MS = 86_400_000

/** Makes it; what runs for it ends with the test. */
export async function createOcspAuthority(t: Test): Promise<OcspAuthority> {
  // Beside the test's own directory, which it may have made already.
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-ocsp-'))
  t.teardown(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, 'index.txt'), '')
  const [port = 0] = await freePorts(1)
  const at = (name: string): string => join(directory, name)
  const signing = ['extendedKeyUsage=OCSPSigning']
  await makeCertificate(directory, { name: 'root', extensions: authorityExtensions })
  await makeCertificate(directory, { name: 'responder', by: 'root', extensions: signing })
  const rows = new Map<string, string>()
  let answers = 0
  const chainOf = async (name: string): Promise<X509Certificate[]> =>
    [await readFile(at(`${name}.pem`)), await readFile(at('root.pem'))].map(
      (pem) => new X509Certificate(pem),
    )
  const argsOf = ({ signer = 'responder', more = ['-nmin', '60'] }: AnswerOptions) => [
    ...['ocsp', '-index', 'index.txt', '-CA', 'root.pem', ...more],
    ...['-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`],
  ]

  const own: OcspAuthority = {
    directory,
    port,
    async issue(name, options = {}) {
      const { names = [name], url = `http://127.0.0.1:${port}/`, key, extensions = [] } = options
      const lines = [
        `subjectAltName=${names.map((each) => `DNS:${each}`).join(',')}`,
        'extendedKeyUsage=serverAuth',
        `authorityInfoAccess=OCSP;URI:${url}`,
        ...extensions,
      ]
      const made = { name, by: 'root', extensions: lines }
      await makeCertificate(directory, key === undefined ? made : { ...made, key })
      const chain = await chainOf(name)
      await writeFile(at(`${name}-chain.pem`), chain.map((each) => each.toString()).join(''))
      const subject = stapleSubjectOf(chain)
      if (typeof subject === 'string') throw new Error(subject)
      return subject
    },
    async load(name) {
      const { certificate, troubles } = await loadCertificate(
        {
          kind: 'pem',
          certFile: at(`${name}-chain.pem`),
          keyFile: at(`${name}.key`),
          chainFile: undefined,
          passphraseFile: undefined,
        },
        new Date(),
        { purpose: 'server', isStapled: true },
      )
      if (!certificate) throw new Error(JSON.stringify(troubles))
      return certificate
    },
    async setStatus(name, status) {
      const [{ serialNumber }] = (await chainOf(name)) as [X509Certificate]
      const when = shortTime(new Date(Date.now() + 90 * DAY_MS))
      const state = status === 'revoked' ? `R\t${when}\t${shortTime(new Date())}` : `V\t${when}\t`
      if (status === 'unknown') rows.delete(name)
      else rows.set(name, `${state}\t${serialNumber}\tunknown\t/CN=${name}\n`)
      await writeFile(at('index.txt'), [...rows.values()].join(''))
    },
    async answer(request, options = {}) {
      const [asked, answered] = [`request-${++answers}.der`, `response-${answers}.der`]
      await writeFile(at(asked), request)
      await openssl(
        directory,
        ...argsOf(options),
        ...['-reqin', asked, '-respout', answered, '-noverify'],
      )
      return readFile(at(answered))
    },
    async startResponder(options = {}) {
      const args = [...argsOf(options), '-port', String(port)]
      const child = spawn('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
      t.teardown(() => void child.kill('SIGKILL'))
      await isListening(child)
      return {
        stop: async () => {
          const gone = once(child, 'close')
          child.kill('SIGKILL')
          await gone
        },
      }
    },
  }
  return own
}

function isListening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (bytes: Buffer): void => {
      said += bytes.toString('latin1')
      if (/waiting for OCSP client connections/i.test(said)) resolve()
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`openssl ended: ${said}`)))
  })
}

/** `261122174500Z` */
const shortTime = (date: Date): string =>
  `${date
    .toISOString()
    .replace(/[-:T]|\.\d+/g, '')
    .slice(2)}`
