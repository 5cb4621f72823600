/** A service that SRV records publish, as a family of checks describes it. */
import type { SrvRecord } from './dns.ts'
import type { System, Verdict } from './finding.ts'

export type Transport = 'tls' | 'tcp' | 'udp'

export interface Service {
  /** The SIP domain, lower case. */
  readonly domain: string
  /** Without the domain: `_sipfederationtls._tcp`. */
  readonly label: string
  readonly transport: Transport
  /** The port that the record should name first; others are unusual. */
  readonly ports: readonly number[]
  readonly concerns: readonly System[]
  /** Servers meet servers here, each with a certificate. */
  readonly isMutual: boolean
  /** What a wildcard certificate is worth here. */
  readonly wildcard: Verdict
  /** What a target outside the SIP domain is worth here. */
  readonly foreignTarget: Verdict
  /** What an address that the Internet cannot reach is worth here. */
  readonly specialAddress: Verdict
}

export interface PublishedService extends Service {
  readonly records: readonly SrvRecord[]
}

/** `_sip._tls.contoso.com` */
export const recordName = ({ label, domain }: Pick<Service, 'label' | 'domain'>): string =>
  `${label}.${domain}`
