/** A private Redis server with a password, over plain TCP and TLS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Authority } from '../../src/lab/authority.ts'
import { freePorts } from './free-ports.ts'
import { runProgram, startProgram, waitUntil } from './real-process.ts'
import { requireProgram } from './real-programs.ts'

export const REDIS_PASSWORD = 'a password of the tests'

export interface Redis {
  readonly port: number
  readonly tlsPort: number
  /** What `redis-cli` prints. */
  ask(...words: readonly string[]): Promise<string>
  stop(): Promise<void>
}

/** Says whether it is installed; see `requireProgram`. */
export const requireRedis = (t: Test): boolean => requireProgram(t, 'redis-server', 'redis-server')

/** Starts it on free ports of 127.0.0.1 and ends it with the test. */
export async function startRedis(t: Test, authority: Authority): Promise<Redis> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-redis-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const { certPem, keyPem } = await authority.issue({ names: ['localhost'], ips: ['127.0.0.1'] })
  for (const [name, text] of [
    ['cert.pem', certPem],
    ['key.pem', keyPem],
    ['ca.pem', authority.certificatePem],
  ] as const)
    await writeFile(join(directory, name), text)
  const [port = 0, tlsPort = 0] = await freePorts(2)
  await writeFile(
    join(directory, 'redis.conf'),
    `bind 127.0.0.1
port ${port}
tls-port ${tlsPort}
tls-cert-file ${directory}/cert.pem
tls-key-file ${directory}/key.pem
tls-ca-cert-file ${directory}/ca.pem
tls-auth-clients no
requirepass "${REDIS_PASSWORD}"
save ""
dir ${directory}
`,
  )
  const running = startProgram({ program: 'redis-server', args: [join(directory, 'redis.conf')] })
  t.teardown(() => running.stop())
  const ask = async (...words: readonly string[]): Promise<string> => {
    const args = ['-p', String(port), '--no-auth-warning', '-a', REDIS_PASSWORD, ...words]
    return (await runProgram({ program: 'redis-cli', args })).stdout
  }
  await waitUntil('Redis answers', async () => (await ask('ping')).includes('PONG'))
  return { port, tlsPort, ask, stop: async () => void (await running.stop()) }
}
