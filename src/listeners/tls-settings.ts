/** TLS towards clients: profiles, names, and how an unknown name is turned away. */
import { constants } from 'node:crypto'
import type { Server, ServerOptions } from 'node:https'
import type { SecureContext, SecureVersion, TLSSocket } from 'node:tls'
import type { Shown } from '../certificates/certificate-store.ts'
import type { TlsProfile } from '../config/rules.ts'

export interface TlsSettings {
  /** That of the listener; clients that send no name get it. */
  readonly profile: TlsProfile
  /** Profiles that single names have, without that of the listener. */
  readonly otherProfiles: readonly TlsProfile[]
  /** The profile of a name: that of its rule, or that of the listener. */
  readonly profileOf: (serverName: string) => TlsProfile
  /** Whether `lookup` wants to know what the client can do. */
  readonly hasBothKinds: boolean
  /**
   * The context for a name under its own profile; undefined: the handshake ends with `unrecognized_name`.
   * @param takesEcdsa whether the client can use an ECDSA certificate; undefined: not known
   */
  readonly lookup: (
    serverName: string,
    takesEcdsa: boolean | undefined,
  ) => SecureContext | undefined
  /** For clients that send no name (old phones): the first certificate; empty: there is none yet. */
  readonly fallback: Shown
  /** The OCSP response for a certificate (DER), at once; undefined: there is none. */
  readonly stapleFor: (certificate: Buffer) => Buffer | undefined
  /** Of the moment; `HttpListener.useTicketKeys` changes them. */
  readonly ticketKeys: Buffer
}

/** What a context of a profile is made with. */
export interface ProfileOptions {
  readonly minVersion: SecureVersion
  readonly ciphers: string
  readonly honorCipherOrder: boolean
  readonly ecdhCurve: string
  readonly secureOptions: number
}

const TLS13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
/** Mozilla Server Side TLS 5.7, "intermediate", without the finite-field suites. */
const AEAD =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305'
/** What Lync Phone Edition, Lync 2010 and Mac 2011 clients speak: TLS 1.0, CBC, RSA key exchange. */
const OLD =
  'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES128-SHA:AES256-SHA'

/** The hybrid first: what is recorded today stays secret from a quantum computer of tomorrow. Old clients skip it. */
const CURVES = 'X25519MLKEM768:X25519:P-256:P-384'

/**
 * Renegotiation costs a server far more than a client, also the three times in ten minutes that Node allows
 * (RFC 9325 3.5); compression tells the length of secrets (RFC 9325 3.3).
 */
const NEVER = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION

/** product.md section 3, listeners.tls. docs/decisions/0016 has the reasons. */
export function profileOptions(profile: TlsProfile): ProfileOptions {
  const all = { ecdhCurve: CURVES, secureOptions: NEVER }
  if (profile === 'modern')
    return { ...all, minVersion: 'TLSv1.3', ciphers: TLS13, honorCipherOrder: false }
  if (profile === 'compatible') {
    return {
      ...all,
      minVersion: 'TLSv1.2',
      ciphers: `${TLS13}:${AEAD}`,
      honorCipherOrder: false,
    }
  }
  // OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 only.
  return {
    ...all,
    minVersion: 'TLSv1',
    ciphers: `${TLS13}:${AEAD}:${OLD}:@SECLEVEL=0`,
    honorCipherOrder: true,
  }
}

/** TLS 1.3 alert description 112, as a plain record: nothing is encrypted yet at this point (RFC 8446 6, RFC 6066 3). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70])

/** A phone comes back for its next long poll well before. */
const SESSION_SECONDS = 7_200

export interface HandshakeEvents {
  /** What is known of the client on this TCP socket; undefined: nothing. */
  readonly takesEcdsa: (socket: object | undefined) => boolean | undefined
  /** Calls `answer` while it knows that the certificate of a name is being handed over. */
  readonly onNamed: (answer: () => void) => void
  /** Hears of every name that was turned away, and on which connection. */
  readonly onRefused: (serverName: string, socket: TLSSocket) => void
}

/**
 * The options of the server for one profile. It serves the names of that profile alone, whoever sent the connection
 * here: what `readClientHello` makes of one can cost a handshake, but never lowers it.
 */
export function tlsServerOptions(
  tls: TlsSettings,
  profile: TlsProfile,
  times: { readonly handshakeMs: number },
  { takesEcdsa, onNamed, onRefused }: HandshakeEvents,
): ServerOptions {
  return {
    ...profileOptions(profile),
    // Without a certificate of its own a server ends every handshake that names nobody.
    ...(profile === tls.profile
      ? { cert: [...tls.fallback.cert], key: [...tls.fallback.key] }
      : {}),
    ticketKeys: tls.ticketKeys,
    // Node's own follows from the arguments of the process, in which workers differ. That of the profile keeps a session
    // from being resumed under another one, although the keys of their tickets are the same.
    sessionIdContext: `lyncgate ${profile}`,
    sessionTimeout: SESSION_SECONDS,
    // NTLM cannot live on HTTP/2, where a connection has no state (RFC 9113): it is not even offered.
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: times.handshakeMs,
    SNICallback(
      this: TLSSocket,
      serverName: string,
      done: (error: Error | null, context?: SecureContext) => void,
    ) {
      const isOwn = tls.profileOf(serverName) === profile
      const context = isOwn ? tls.lookup(serverName, takesEcdsa(rawSocketOf(this))) : undefined
      if (context) return onNamed(() => done(null, context))
      onRefused(serverName, this)
      refuseName(this)
    },
  }
}

/**
 * Answers clients that ask for a staple (RFC 6066 8), at once and from what is there. Clients without a name, where
 * several certificates stand side by side, get none: OpenSSL chooses among these only after Node has asked.
 * @param isNamed whether the handshake of this moment has a name
 */
export function stapleResponses(server: Server, tls: TlsSettings, isNamed: () => boolean): void {
  const isAlone = tls.fallback.cert.length < 2
  // Null, whatever the types say, where a client without a name meets a server without a certificate of its own.
  server.on('OCSPRequest', (certificate: Buffer | null, _issuer, done) => {
    const isSure = certificate !== null && (isAlone || isNamed())
    done(null, (isSure && tls.stapleFor(certificate)) || null)
  })
}

/**
 * Node cannot send `unrecognized_name`: an error from SNICallback just drops the connection. OpenSSL waits for the
 * callback, so the alert is written below it, on the TCP socket, and the connection ended.
 */
function refuseName(socket: TLSSocket): void {
  const raw = rawSocketOf(socket)
  if (raw) raw.end(UNRECOGNIZED_NAME)
  else socket.destroy()
}

/** The TCP socket below, which Node has no public name for. */
const rawSocketOf = (
  socket: TLSSocket & { _parent?: { end(bytes: Buffer): void } },
): { end(bytes: Buffer): void } | undefined => socket._parent
