/** Whether a port speaks one version of TLS: a handshake that allows no other. */
import { connect } from 'node:tls'
import type { Endpoint } from './surroundings.ts'

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** `unclear`: no connection, or no answer in time. */
export type VersionAnswer = 'spoken' | 'refused' | 'unclear'

export interface VersionProbeOptions {
  /** As SNI. */
  readonly serverName: string
  readonly version: TlsVersion
  readonly timeoutMs: number
}

/** Never throws; the certificate is not looked at, and nothing is sent after the handshake. */
export function probeTlsVersion(
  { address, port }: Endpoint,
  { serverName, version, timeoutMs }: VersionProbeOptions,
): Promise<VersionAnswer> {
  return new Promise((resolve) => {
    let isConnected = false
    const socket = connect({
      host: address,
      port,
      servername: serverName,
      minVersion: version,
      maxVersion: version,
      // OpenSSL speaks versions below 1.2 at the lowest security level only.
      ciphers: 'DEFAULT:@SECLEVEL=0',
      rejectUnauthorized: false,
    })
    const finish = (answer: VersionAnswer): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => finish('unclear'), timeoutMs)
    socket.on('connect', () => {
      isConnected = true
    })
    socket.on('secureConnect', () => finish('spoken'))
    socket.on('error', () => finish(isConnected ? 'refused' : 'unclear'))
    socket.on('end', () => finish('refused'))
  })
}
