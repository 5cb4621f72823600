/** What checks may ask of the world. It comes in as an argument, so that tests can be the world. */

import type { NtlmCredentials } from '../ntlm/ntlm-client.ts'
import type { Dns } from './dns.ts'
import type { IdleAnswer } from './idle-probe.ts'
import type { Roots } from './roots.ts'
import type { SignInAnswer } from './sign-in-probe.ts'
import type { SipAnswer } from './sip-probe.ts'
import type { TlsAnswer } from './tls-probe.ts'
import type { TlsVersion, VersionAnswer } from './tls-version-probe.ts'
import type { WebAnswer } from './web-probe.ts'

/** Where the preflight stands: from the Internet, private addresses and internal records are mistakes. */
export type Standpoint = 'internet' | 'dmz' | 'lan'

/** One address that DNS or the user named. */
export interface Endpoint {
  /** An IP address. */
  readonly address: string
  readonly port: number
}

/** Conversations with one endpoint; each is bounded in bytes and time, and never throws. */
export interface Probes {
  /** Reads the certificate that is presented. @param serverName as SNI; undefined: none is sent */
  readonly tls: (endpoint: Endpoint, serverName: string | undefined) => Promise<TlsAnswer>
  /** Whether one version of TLS is spoken. */
  readonly version: (
    endpoint: Endpoint,
    serverName: string,
    version: TlsVersion,
  ) => Promise<VersionAnswer>
  /** Signs in by NTLM over verified TLS. */
  readonly signIn: (
    endpoint: Endpoint,
    page: Pick<WebRequest, 'host' | 'path'>,
    credentials: NtlmCredentials,
  ) => Promise<SignInAnswer>
  /** Asks a plain TCP port for SIP. */
  readonly sip: (endpoint: Endpoint, domain: string) => Promise<SipAnswer>
  /** Gets one page. */
  readonly web: (endpoint: Endpoint, request: WebRequest) => Promise<WebAnswer>
  /** Gets one page twice on one connection, with so many milliseconds of silence between; that long it takes. */
  readonly idle: (
    endpoint: Endpoint,
    page: Pick<WebRequest, 'host' | 'path'>,
    durationMs: number,
  ) => Promise<IdleAnswer>
}

export interface WebRequest {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  /** Besides Host and User-Agent, in place of `Accept: text/html`. */
  readonly fields?: Readonly<Record<string, string>>
  readonly wantsBody?: boolean
  /** POST with a body of so many zeros, in place of GET. */
  readonly uploadBytes?: number
}

export interface Surroundings {
  readonly dns: Dns
  readonly probes: Probes
  readonly roots: Roots
  readonly now: Date
  readonly from: Standpoint
}

/** An endpoint as it is written: `192.0.2.1:5061`, `[2001:db8::1]:5061`. */
export const writeEndpoint = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
