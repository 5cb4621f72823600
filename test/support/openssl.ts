/** `openssl s_client`, the judge of our TLS that shares no code with Node's own. */
import { execFile, spawn } from 'node:child_process'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Does one handshake and ends. @returns everything that was written, both streams together */
export function sClient(port: number, options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options])
    let text = ''
    const onData = (bytes: Buffer): void => {
      text += bytes.toString('latin1')
    }
    client.stdout.on('data', onData)
    client.stderr.on('data', onData)
    client.stdin.on('error', () => {})
    client.on('error', reject)
    client.on('close', () => resolve(text))
    client.stdin.end()
  })
}

/** As `sClient`, but says something once the handshake is done, and stays until `end` is seen or the server closes. */
export function talkTls(
  port: number,
  options: readonly string[],
  { say, end }: { readonly say: string; readonly end: RegExp },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options])
    let text = ''
    let hasSpoken = false
    const onData = (bytes: Buffer): void => {
      text += bytes.toString('latin1')
      if (!hasSpoken && text.includes('Verify return code')) {
        hasSpoken = true
        client.stdin.write(say)
      }
      if (hasSpoken && end.test(text)) client.stdin.end()
    }
    client.stdout.on('data', onData)
    client.stderr.on('data', onData)
    client.stdin.on('error', () => {})
    client.on('error', reject)
    client.on('close', () => resolve(text))
  })
}

/** Runs another command of openssl. Rejects with what it says when it fails. */
export async function openssl(directory: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('openssl', [...args], { cwd: directory })
  return stdout
}

export interface MadeCertificate {
  /** The file without `.pem` or `.key`, and the common name. */
  readonly name: string
  /** As `openssl req -newkey` has it; default `rsa:2048`. */
  readonly key?: string
  /** The `name` of the certificate that signs it; default itself. */
  readonly by?: string
  /** Lines for `-addext`; default a DNS name and serverAuth. */
  readonly extensions?: readonly string[]
  readonly more?: readonly string[]
}

/** Makes `name.pem` and `name.key`, of kinds that the stand-in authority does not issue. */
export async function makeCertificate(directory: string, made: MadeCertificate): Promise<void> {
  const { name, key = 'rsa:2048', by, more = [] } = made
  const extensions = made.extensions ?? [
    `subjectAltName=DNS:${name}`,
    'extendedKeyUsage=serverAuth',
  ]
  const [algorithm = '', curve] = key.split('/')
  await openssl(
    directory,
    ...['req', '-x509', '-newkey', algorithm, '-nodes', '-days', '90', '-subj', `/CN=${name}`],
    ...(curve === undefined ? [] : ['-pkeyopt', `ec_paramgen_curve:${curve}`]),
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    ...(by === undefined ? [] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`]),
    ...extensions.flatMap((each) => ['-addext', each]),
    ...more,
  )
  await chmod(join(directory, `${name}.key`), 0o600)
}

/** `-addext` lines of one that signs others. */
export const authorityExtensions = ['keyUsage=keyCertSign']
