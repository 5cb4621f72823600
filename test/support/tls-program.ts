/** `openssl s_server` on port and address of choice, as a SIP server's TLS would stand there. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { SipCertificate } from './sip-certificates.ts'

export interface OpensslServer {
  /** `127.5.0.1:5061` */
  readonly accept: string
  readonly certificate: SipCertificate
  /** Sent after the certificate; PEM. */
  readonly intermediatePem?: string
  /** Further arguments: `-Verify 1`, `-tls1_3`. */
  readonly options?: readonly string[]
}

/** Resolves when it listens; it ends with the test. */
export async function startOpensslServer(t: Test, server: OpensslServer): Promise<void> {
  const { accept, certificate, intermediatePem, options = [] } = server
  const directory = t.testdir({
    'cert.pem': certificate.certPem,
    'key.pem': certificate.keyPem,
    'chain.pem': intermediatePem ?? '',
  })
  const file = (name: string): string => join(directory, name)
  const child = spawn(
    'openssl',
    [
      ...['s_server', '-accept', accept, '-cert', file('cert.pem'), '-key', file('key.pem')],
      ...(intermediatePem === undefined ? [] : ['-cert_chain', file('chain.pem')]),
      ...options,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  t.teardown(() => void child.kill('SIGKILL'))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (bytes: Buffer): void => {
      said += bytes.toString('latin1')
      if (/^ACCEPT/m.test(said)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`openssl ended: ${said}`)))
  })
}
