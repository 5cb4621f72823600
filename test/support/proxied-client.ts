/** A client that comes through a layer-4 balancer: a PROXY header first, then plain HTTP or TLS. */
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'
import { type RawClient, watchRawClient } from './raw-client.ts'

export interface ProxiedTarget {
  readonly port: number
  readonly header: Buffer
  /** Where the balancer connects from; default 127.0.0.1. */
  readonly from?: string
  readonly tls?: { readonly serverName: string; readonly ca: string }
}

/** Connects, sends the header, and does the handshake where there is one. */
export async function openProxiedClient(t: Test, target: ProxiedTarget): Promise<RawClient> {
  const { port, header, tls, from = '127.0.0.1' } = target
  const tcp = connectTcp({ port, host: '127.0.0.1', localAddress: from })
  t.teardown(() => tcp.destroy())
  tcp.on('error', () => {})
  await once(tcp, 'connect')
  tcp.write(header)
  if (!tls) return watchRawClient(t, tcp)
  const secure = connectTls({ socket: tcp, servername: tls.serverName, ca: tls.ca })
  const client = watchRawClient(t, secure)
  await once(secure, 'secureConnect')
  return client
}
