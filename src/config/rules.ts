/** What a valid publishing-rules file says, with every default filled in. Nothing behind `config/` supplies a default. */
import type { SignInGuardRule } from './guard-rule.ts'

/** The product of a pool; it decides the default ports and the catalogue of virtual directories. */
export type Product =
  | 'lync-2010'
  | 'lync-2013'
  | 'skype-2015'
  | 'skype-2019'
  | 'skype-se'
  | 'office-web-apps'
  | 'exchange'
  | 'communicator-web-access'
  | 'other'

/** What kind of name a rule publishes. */
export type PublishKind =
  | 'web-services'
  | 'meet'
  | 'dialin'
  | 'autodiscover'
  | 'office-web-apps'
  | 'exchange'
  | 'communicator-web-access'
  | 'anything'

/** From the lowest demands to the highest. */
export const tlsProfiles = ['legacy', 'compatible', 'modern'] as const

export type TlsProfile = (typeof tlsProfiles)[number]

/** An address and its ports that are opened. At least one of the two ports is set. */
export interface ListenerRule {
  readonly name: string
  /** An IP address, IPv6 without brackets. */
  readonly address: string
  readonly httpPort: number | undefined
  readonly httpsPort: number | undefined
  readonly tlsProfile: TlsProfile
  /** `required`: only trusted proxies connect, and each connection begins with a PROXY header. */
  readonly proxyProtocol: 'off' | 'required'
  /** Most open connections over its ports; undefined: no limit of its own. */
  readonly connections: number | undefined
}

/** A certificate with its key in PEM files; absolute paths. */
export interface PemRule {
  readonly kind: 'pem'
  readonly certFile: string
  readonly keyFile: string
  /** Intermediates that `certFile` lacks. */
  readonly chainFile: string | undefined
  /** The passphrase of the key; undefined: it has none. */
  readonly passphraseFile: string | undefined
}

/** All in one PKCS #12 file; absolute paths. */
export interface PfxRule {
  readonly kind: 'pfx'
  readonly pfxFile: string
  readonly passphraseFile: string | undefined
}

export type CertificateRule = PemRule | PfxRule

/** Versions of TLS, from the lowest. */
export const tlsVersions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

export type TlsVersion = (typeof tlsVersions)[number]

/** Whom certificates are ordered from. Paths are absolute. */
export interface AcmeAuthority {
  /** https. */
  readonly directory: string
  /** PEM file with the only roots that its web server is verified against; undefined: the system's roots. */
  readonly caFile: string | undefined
  readonly eab: { readonly kid: string; readonly keyFile: string } | undefined
  /** A certificate profile of the authority. */
  readonly profile: string | undefined
}

/** How certificates are obtained for names that no file covers. */
export interface AcmeRule {
  /** At least one, tried in this order. */
  readonly authorities: readonly AcmeAuthority[]
  /** A mail address. */
  readonly contact: string
  /** Absolute path of a directory. */
  readonly storage: string
  readonly agreesToTerms: boolean
  readonly keyType: 'ecdsa' | 'rsa'
}

export interface ServerRule {
  /** A name or an IP address (IPv6 without brackets). */
  readonly address: string
  readonly httpPort: number
  readonly httpsPort: number
  /** 1 to 256. */
  readonly weight: number
  /** It takes no new clients and keeps its conversations. */
  readonly isDrainedByFile: boolean
}

/** What is asked of a server to see whether it is healthy. */
export type CheckRule =
  | { readonly kind: 'none' }
  /** GET over HTTPS. `body`: text that must stand in the answer. */
  | {
      readonly kind: 'web'
      readonly path: string
      readonly status: number
      readonly body: string | undefined
    }
  /** A TCP connection; port undefined: the server's HTTPS port. */
  | { readonly kind: 'tcp'; readonly port: number | undefined }

/** How the servers of a pool are watched. */
export interface PoolHealthRule {
  readonly check: CheckRule
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Good answers in a row until an unhealthy server is used again. */
  readonly rise: number
  /** Bad answers in a row until a healthy server is left out. */
  readonly fall: number
  /** Unhealthy servers are tried when there are no others. */
  readonly lastResort: boolean
}

export interface PoolRule {
  readonly name: string
  readonly product: Product
  readonly servers: readonly ServerRule[]
  readonly tls: {
    /** Absolute path of a PEM file with the trusted roots; undefined: the system's roots. */
    readonly caFile: string | undefined
    /** The name the server's certificate must carry; undefined: the server's own address. */
    readonly serverName: string | undefined
    /** True accepts any certificate. Never a default; warned about at every start. */
    readonly insecureSkipVerify: boolean
    /** Below TLS 1.2 the security level is lowered for the servers of this pool. */
    readonly minVersion: TlsVersion
    /** Shown to servers that ask for one. */
    readonly clientCertificate: PemRule | undefined
  }
  readonly affinity: 'cookie' | 'source' | 'none'
  /** Rewrite Location answers that name the server's own address and port to the published ones. */
  readonly rewriteLocation: boolean
  readonly health: PoolHealthRule
}

export interface PublishingRule {
  readonly name: string
  readonly publish: PublishKind
  /** Lower-case A-labels, `{sipDomain}` expanded, at most one leading `*.`; IPv6 literals in brackets. */
  readonly hosts: readonly string[]
  /** The name of a pool that exists. */
  readonly pool: string
  /** Listener names the rule applies to; empty: all of them. */
  readonly listeners: readonly string[]
  /** What port 80 does for these hosts. */
  readonly http: 'forward' | 'redirect' | 'refuse'
  /** `refuse` ends the TLS handshake for these names. */
  readonly https: 'serve' | 'refuse'
  /** The TLS profile of these hosts; undefined: that of each listener. */
  readonly tlsProfile: TlsProfile | undefined
  /** Lower-case paths that are open on top of the policy, each with all below it. */
  readonly allow: readonly string[]
  /** Lower-case paths that are closed on top of the policy; stronger than `allow`. */
  readonly deny: readonly string[]
  /** What desk phones need is open, over plain HTTP too. */
  readonly phones: boolean
  /** Meeting links get `sl=1`: guests join in the browser. */
  readonly guestJoin: boolean
  /** Server, X-Powered-By and X-MS-Server-Fqdn of answers are not shown to clients. */
  readonly hideServerFields: boolean
}

/** A server of a stream. */
export interface StreamServerRule {
  /** A name or an IP address (IPv6 without brackets). */
  readonly address: string
  readonly port: number
  /** 1 to 256. */
  readonly weight: number
  /** It takes no new connections and keeps those that stand. */
  readonly isDrainedByFile: boolean
}

/** Other servers for connections that ask for one of these names and offer one of these protocols. */
export interface StreamRouteRule {
  readonly name: string
  /** Lower-case A-labels, at most one leading `*.`; empty: any name, or none. */
  readonly serverNames: readonly string[]
  /** Empty: any protocol, or none. */
  readonly protocols: readonly string[]
  readonly servers: readonly StreamServerRule[]
}

/** A TCP port that is handed through untouched. */
export interface StreamRule {
  /** Different from every other stream, listener and pool. */
  readonly name: string
  readonly address: string
  readonly port: number
  /** For connections that no route fits. */
  readonly servers: readonly StreamServerRule[]
  readonly routes: readonly StreamRouteRule[]
  readonly affinity: 'source' | 'none'
  /** Silence in both directions for so long ends a connection. */
  readonly idleMs: number
  /** What is written to the server before the first byte of the client. */
  readonly proxyHeader: 'off' | 'v1' | 'v2'
  /** Networks in CIDR form; undefined: everyone may connect. */
  readonly allow: readonly string[] | undefined
  /** Its own limits; Infinity: only those of `Limits` hold. */
  readonly connections: number
  readonly connectionsPerClient: number
  readonly health: PoolHealthRule
}

/** All in milliseconds. product.md section 3 has the meaning of each. */
export interface Timeouts {
  readonly connectMs: number
  readonly handshakeMs: number
  readonly requestHeadMs: number
  readonly requestBodyMs: number
  readonly clientReadMs: number
  readonly responseMs: number
  readonly keepAliveMs: number
  readonly tunnelMs: number
  /** How long running exchanges may go on after SIGTERM before they are cut. */
  readonly drainMs: number
  /** From the moment readiness says no until the listeners close, so that a balancer looks away first. */
  readonly unreadyMs: number
}

export interface Limits {
  /** Bytes of a request head, request line included. */
  readonly headBytes: number
  /** Bytes of a request body. */
  readonly bodyBytes: number
  /** Open client connections over all listeners. */
  readonly connections: number
  readonly connectionsPerClient: number
  /** Bytes per second that a client must send or take when it is its turn; 0: a byte in the whole time is enough. */
  readonly minRate: number
  /** Header fields of one request. */
  readonly fields: number
}

/** The address for administrators. */
export interface AdminRule {
  readonly address: string
  readonly port: number
  /** Absolute path; undefined: a token is made at the start. Always there where the address is not loopback. */
  readonly tokenFile: string | undefined
  /** Undefined: plain HTTP. Always there where the address is not loopback. */
  readonly tls: PemRule | undefined
}

export interface Rules {
  readonly listeners: readonly ListenerRule[]
  readonly certificates: readonly CertificateRule[]
  readonly acme: AcmeRule | undefined
  readonly pools: readonly PoolRule[]
  readonly rules: readonly PublishingRule[]
  readonly timeouts: Timeouts
  readonly limits: Limits
  readonly policy: { readonly paths: 'guard' | 'strict' | 'observe' }
  /** Networks in CIDR form whose X-Forwarded-* fields and PROXY headers are believed. */
  readonly trustedProxies: readonly string[]
  readonly streams: readonly StreamRule[]
  readonly health: { readonly address: string; readonly port: number } | undefined
  readonly signInGuard: SignInGuardRule
  readonly sessionTickets: {
    /** Undefined: a secret of its own for each start. */
    readonly secretFile: string | undefined
    readonly rotateMs: number
  }
  /** Whether responders of certificates are asked for OCSP responses to staple. */
  readonly ocspStapling: 'off' | 'on'
  /** Processes that serve. */
  readonly workers: 'auto' | number
  readonly admin: AdminRule | undefined
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error'
    readonly access: 'json' | 'w3c' | 'off'
    /** Absolute path of the file that access lines are appended to; undefined: standard output. */
    readonly accessFile: string | undefined
    /** The field in which servers are told the id of a request; undefined: none. */
    readonly requestIdHeader: string | undefined
  }
}
