/** TLS towards clients: profiles, names, and how an unknown name is turned away. */
import type { ServerOptions } from 'node:https'
import type { SecureContext, SecureVersion, TLSSocket } from 'node:tls'
import type { TlsProfile } from '../config/rules.ts'

export interface TlsSettings {
  readonly profile: TlsProfile
  /** The context for a name; undefined: the handshake ends with `unrecognized_name`. */
  readonly lookup: (serverName: string) => SecureContext | undefined
  /** For clients that send no name (old phones): the first certificate. */
  readonly fallback: { readonly cert: string; readonly key: string }
}

/** What a context of a profile is made with. */
export interface ProfileOptions {
  readonly minVersion: SecureVersion
  readonly ciphers: string
  readonly honorCipherOrder: boolean
  readonly ecdhCurve: string
}

const TLS13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'
/** Mozilla Server Side TLS 5.7, "intermediate". */
const AEAD =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305'
/** What Lync Phone Edition, Lync 2010 and Mac 2011 clients speak: TLS 1.0, CBC, RSA key exchange. */
const OLD =
  'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES128-SHA:AES256-SHA'
const CURVES = 'X25519:P-256:P-384'

/** product.md section 3, listeners.tls. */
export function profileOptions(profile: TlsProfile): ProfileOptions {
  if (profile === 'modern') {
    return { minVersion: 'TLSv1.3', ciphers: TLS13, honorCipherOrder: false, ecdhCurve: CURVES }
  }
  if (profile === 'compatible') {
    return {
      minVersion: 'TLSv1.2',
      ciphers: `${TLS13}:${AEAD}`,
      honorCipherOrder: false,
      ecdhCurve: CURVES,
    }
  }
  // OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 only.
  return {
    minVersion: 'TLSv1',
    ciphers: `${TLS13}:${AEAD}:${OLD}:@SECLEVEL=0`,
    honorCipherOrder: true,
    ecdhCurve: CURVES,
  }
}

/** TLS 1.3 alert description 112, as a plain record: nothing is encrypted yet at this point (RFC 8446 6, RFC 6066 3). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70])

/** @param onRefused hears of every name that was turned away */
export function tlsServerOptions(
  tls: TlsSettings,
  times: { readonly handshakeMs: number },
  onRefused: (serverName: string, socket: TLSSocket) => void,
): ServerOptions {
  return {
    ...profileOptions(tls.profile),
    ...tls.fallback,
    // NTLM cannot live on HTTP/2, where a connection has no state (RFC 9113): it is not even offered.
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: times.handshakeMs,
    SNICallback(
      this: TLSSocket,
      serverName: string,
      done: (error: Error | null, context?: SecureContext) => void,
    ) {
      const context = tls.lookup(serverName)
      if (context) return done(null, context)
      onRefused(serverName, this)
      refuseName(this)
    },
  }
}

/**
 * Node cannot send `unrecognized_name`: an error from SNICallback just drops the connection. OpenSSL waits for the
 * callback, so the alert is written below it, on the TCP socket, and the connection ended.
 */
function refuseName(socket: TLSSocket & { _parent?: { end(bytes: Buffer): void } }): void {
  if (socket._parent) socket._parent.end(UNRECOGNIZED_NAME)
  else socket.destroy()
}
