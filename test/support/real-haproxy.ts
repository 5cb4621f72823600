/** A private HAProxy in front of lyncgate, which passes TCP through and says whose it is. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePorts } from './free-ports.ts'
import { publicName } from './real-kdc.ts'
import { startProgram, waitUntil } from './real-process.ts'
import { requireProgram } from './real-programs.ts'

export interface Haproxy {
  readonly httpPort: number
  readonly httpsPort: number
  /** What its health check of the http port says of lyncgate. */
  isUp(): Promise<boolean>
}

export interface HaproxyOptions {
  /** Ports of lyncgate. */
  readonly http: number
  readonly https: number
  /** Words of a `server` line. */
  readonly server: string
  /** Health checks of the http port ask for this path; left out: they connect and close. */
  readonly checkPath?: string | undefined
}

/** Says whether it is installed; see `requireProgram`. */
export const requireHaproxy = (t: Test): boolean => requireProgram(t, 'haproxy', 'haproxy')

/** Starts it on free ports of 127.0.0.1 and ends it with the test. */
export async function startHaproxy(t: Test, options: HaproxyOptions): Promise<Haproxy> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-haproxy-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [httpPort = 0, httpsPort = 0, statusPort = 0] = await freePorts(3)
  const listen = (name: string, port: number, to: number): string => `listen ${name}
  bind 127.0.0.1:${port}
  server lyncgate 127.0.0.1:${to} ${options.server}
`
  const config = `global
  maxconn 200
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout check 10s
${listen('http', httpPort, options.http)}${httpCheck(options)}${listen('https', httpsPort, options.https)}frontend status
  mode http
  bind 127.0.0.1:${statusPort}
  http-request return status 200 if { srv_is_up(http/lyncgate) }
  http-request return status 503
`
  const file = join(directory, 'haproxy.cfg')
  await writeFile(file, config)
  const running = startProgram({ program: 'haproxy', args: ['-db', '-f', file] })
  t.teardown(() => running.stop())
  const isUp = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${statusPort}/`)).status === 200
  await waitUntil('HAProxy answers', async () => {
    if (running.hasEnded()) throw new Error(`HAProxy ended: ${(await running.ended).stderr}`)
    return isUp().then(
      () => true,
      () => false,
    )
  })
  return { httpPort, httpsPort, isUp }
}

const httpCheck = ({ checkPath }: HaproxyOptions): string =>
  checkPath === undefined
    ? ''
    : `  option httpchk
  http-check send meth GET uri ${checkPath} ver HTTP/1.1 hdr Host ${publicName}
  http-check expect status 200
`
