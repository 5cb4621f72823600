/**
 * A stand-in Lync deployment on loopback: a pool of two Front Ends, a Director and their own certification
 * authority. It behaves like the IIS external web site where a reverse proxy can tell the difference.
 */

import { type Accounts, createAccounts, type LockoutPolicy, noLockout } from './accounts.ts'
import {
  type Authority,
  type CertificateRequest,
  createAuthority,
  type IssuedCertificate,
} from './authority.ts'
import type { AccessLocation } from './autodiscover.ts'
import { type LabPorts, type LabServer, startLabServer } from './lab-server.ts'
import { createSite } from './site.ts'
import { createTokens } from './tokens.ts'
import { createUcwaApplications } from './ucwa-applications.ts'
import { type LabUser, labUsers } from './users.ts'
import { serveWebsocket } from './websocket.ts'

/** The servers of the lab by short name. */
export type LabServerName = 'fe01' | 'fe02' | 'dir01'

/** How one server differs from the usual. */
export interface LabServerOptions extends LabPorts {
  /** Loopback address to bind; default 127.0.0.1. */
  readonly address?: string
  /** Changes to its certificate: other names, expired, RSA. */
  readonly certificate?: Partial<CertificateRequest>
}

/** All optional: without options every port is chosen by the system. */
export interface LabOptions {
  readonly servers?: Partial<Record<LabServerName, LabServerOptions>>
  /** Idle time until a server closes a connection; default 0: never. IIS does after 120 000. */
  readonly keepAliveTimeoutMs?: number
  /** The port clients reach by TLS; default 443. For redirects and links out of plain HTTP. */
  readonly publishedHttpsPort?: number
  /** The external name of the web services; default `lyncweb.contoso.com`. */
  readonly webServicesHost?: string
  /** When wrong passwords lock an account; default: never. */
  readonly lockout?: LockoutPolicy
  /** What autodiscover says of itself; default `External`. */
  readonly accessLocation?: AccessLocation
}

/** The running deployment. */
export interface Lab {
  readonly authority: Authority
  /** fe01, fe02, dir01. */
  readonly servers: readonly LabServer[]
  /** fe01 and fe02. */
  readonly pool: readonly [LabServer, LabServer]
  readonly director: LabServer
  readonly users: readonly LabUser[]
  /** Wrong passwords, as the domain counts them. */
  readonly accounts: Accounts
  /** A certificate for the proxy's side, from the lab's authority. */
  publicCertificate(names: readonly string[]): Promise<IssuedCertificate>
  /** Gives a UCWA application an event: ends its pending GET, or waits for the next one. Any JSON value. */
  pushEvent(applicationId: string, event: unknown): void
  /** Whether a pending GET of the UCWA application is being held at this moment. */
  isWaiting(applicationId: string): boolean
  /** Ends every connection and timer the lab owns. */
  close(): Promise<void>
}

/** Starts the deployment. Rejects when a port is taken; then nothing keeps running. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const authority = await createAuthority('Contoso Lab Root')
  const applications = createUcwaApplications()
  const accounts = createAccounts(options.lockout ?? noLockout, () => performance.now())
  const site = createSite({
    tokens: createTokens(),
    applications,
    rootCertificatePem: authority.certificatePem,
    webServicesHost: options.webServicesHost ?? 'lyncweb.contoso.com',
    accessLocation: options.accessLocation ?? 'External',
  })
  const started: LabServer[] = []
  let connectionCount = 0

  async function start(name: LabServerName, alsoNamed: readonly string[]): Promise<LabServer> {
    const own = options.servers?.[name] ?? {}
    const address = own.address ?? '127.0.0.1'
    const fqdn = `${name}.contoso.local`
    const certificate = await authority.issue({
      names: [fqdn, ...alsoNamed],
      ips: [address],
      ...own.certificate,
    })
    const server = await startLabServer({
      name: fqdn,
      address,
      ports: own,
      certificate,
      site,
      websocket: serveWebsocket,
      accounts,
      nextConnectionId: () => ++connectionCount,
      keepAliveTimeoutMs: options.keepAliveTimeoutMs ?? 0,
      publishedHttpsPort: options.publishedHttpsPort ?? 443,
    })
    started.push(server)
    return server
  }

  async function close(): Promise<void> {
    await Promise.all(started.map((server) => server.stop()))
  }

  try {
    const pool = [
      await start('fe01', ['pool01.contoso.local']),
      await start('fe02', ['pool01.contoso.local']),
    ] as const
    const director = await start('dir01', [])
    return {
      authority,
      servers: started,
      pool,
      director,
      users: labUsers,
      accounts,
      pushEvent: applications.pushEvent,
      isWaiting: applications.isWaiting,
      publicCertificate: (names) => authority.issue({ names }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
