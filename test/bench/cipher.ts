/** One cipher for all peers, on both legs: left alone, Go takes AES-128 where OpenSSL and Node take AES-256. */
import type { ConnectionOptions } from 'node:tls'

/** The only cipher that the clients of the benchmark offer and its back ends accept. TLS 1.3 (RFC 8446 B.4). */
export const CIPHER = 'TLS_AES_256_GCM_SHA384'
/** What all peers speak. A hybrid with ML-KEM would be more work for the one that knows it, and for no other. */
const GROUP = 'X25519'

/** For clients in Node. */
export const clientTls = {
  minVersion: 'TLSv1.3',
  ciphers: CIPHER,
  ecdhCurve: GROUP,
} as const satisfies ConnectionOptions

/** The same as a configuration of OpenSSL, for wrk, which has no options about TLS. */
export const opensslText = `openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = clients
[clients]
MinProtocol = ${clientTls.minVersion}
Ciphersuites = ${CIPHER}
Groups = ${GROUP}
`
