/** Pebble: an ACME authority that is as unfriendly as the standard allows, with a DNS of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { freePorts } from './free-ports.ts'
import { type RunningProgram, startProgram, waitUntil } from './real-process.ts'

export interface Pebble {
  readonly directoryUrl: string
  /** What its web server is verified against. */
  readonly caFile: string
  /** The root of the certificates that it issues, PEM; another one after each start. */
  root(): Promise<string>
  /** Sends the name to another address than 127.0.0.1. */
  resolve(host: string, address: string): Promise<void>
  output(): string
  stop(): Promise<void>
  /** After `stop`: on the same port, and it knows nothing more of accounts and orders. */
  start(): Promise<void>
}

export interface PebbleOptions {
  /** Where names are reached over plain HTTP. */
  readonly httpPort: number
  /** Of the certificates, in seconds. */
  readonly validity?: number
  /** By key identifier. */
  readonly bindingKeys?: Readonly<Record<string, string>>
  /** In percent. */
  readonly refusedNonces?: number
  /** Validation begins after a random time up to so many seconds; left out: at once. */
  readonly validationSeconds?: number
}

/** Starts both and ends them with the test. */
export async function startPebble(t: Test, options: PebbleOptions): Promise<Pebble> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-pebble-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [port = 0, managementPort = 0, dnsPort = 0, dnsManagementPort = 0] = await freePorts(4)
  const authority = await createAuthority('Pebble web server root')
  const { certPem, keyPem } = await authority.issue({ names: ['localhost'], ips: ['127.0.0.1'] })
  const file = (name: string): string => join(directory, name)
  await writeFile(file('web.pem'), certPem)
  await writeFile(file('web.key'), keyPem)
  await writeFile(file('root.pem'), authority.certificatePem)
  await writeFile(file('config.json'), JSON.stringify({ pebble: configOf() }))

  function configOf() {
    return {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: file('web.pem'),
      privateKey: file('web.key'),
      httpPort: options.httpPort,
      tlsPort: 1,
      ocspResponderURL: '',
      certificateValidityPeriod: options.validity ?? 90 * 86_400,
      externalAccountBindingRequired: options.bindingKeys !== undefined,
      externalAccountMACKeys: options.bindingKeys ?? {},
    }
  }

  const dns = startProgram({
    program: 'pebble-challtestsrv',
    args: [
      ...['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${dnsManagementPort}`],
      ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''],
    ],
  })
  t.teardown(() => dns.stop())

  let running: RunningProgram
  const get = (path: string, at: number): Promise<string> =>
    fetchPem(`https://127.0.0.1:${at}${path}`, authority.certificatePem)
  const start = async (): Promise<void> => {
    running = startProgram({
      program: 'pebble',
      args: ['-strict', '-config', file('config.json'), '-dnsserver', `127.0.0.1:${dnsPort}`],
      env: {
        PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 5),
        ...(options.validationSeconds === undefined
          ? { PEBBLE_VA_NOSLEEP: '1' }
          : { PEBBLE_VA_SLEEPTIME: String(options.validationSeconds) }),
      },
    })
    await waitUntil('pebble answers', () =>
      get('/dir', port).then(
        () => true,
        () => false,
      ),
    )
  }
  await start()
  t.teardown(() => running.stop())
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    caFile: file('root.pem'),
    root: () => get('/roots/0', managementPort),
    resolve: async (host, address) => {
      const body = JSON.stringify({ host, addresses: [address] })
      await fetch(`http://127.0.0.1:${dnsManagementPort}/add-a`, { method: 'POST', body })
    },
    output: () => running.stdout() + running.stderr(),
    stop: () => running.stop('SIGKILL'),
    start,
  }
}

function fetchPem(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ca, agent: false, timeout: 5_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (more: string) => {
        text += more
      })
      answer.on('end', () => resolve(text))
      answer.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new Error('no answer')))
    call.on('error', reject)
    call.end()
  })
}
