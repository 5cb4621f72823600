/** A stream as compiled from the file. Frozen; a connection keeps the one that it began with. */
import type { Pool } from '../pools/pool.ts'
import type { ClientHello } from './client-hello.ts'

export interface Stream {
  readonly name: string
  /** Of the configuration. */
  readonly revision: number
  /** For connections that no route fits. */
  readonly pool: Pool
  /** In the order of the file. Empty: connections need not say anything before they are connected. */
  readonly routes: readonly StreamRoute[]
  readonly isAllowed: (address: string) => boolean
  readonly limits: { readonly connections: number; readonly connectionsPerClient: number }
  readonly proxyHeader: 'off' | 'v1' | 'v2'
  readonly times: {
    readonly idleMs: number
    readonly connectMs: number
    /** How long a client may take with its ClientHello, where it decides about the server. */
    readonly helloMs: number
  }
}

export interface StreamRoute {
  readonly name: string
  readonly pool: Pool
  /** Undefined: any name, or none. */
  readonly isOwnName: ((serverName: string) => boolean) | undefined
  /** Empty: any protocol, or none. */
  readonly protocols: readonly string[]
}

/** The first route that fits. Undefined: none does, or there is no ClientHello. */
export function chooseRoute(
  { routes }: Stream,
  hello: ClientHello | undefined,
): StreamRoute | undefined {
  if (!hello) return undefined
  const { serverName, protocols } = hello
  return routes.find(
    (route) =>
      (!route.isOwnName || (serverName !== undefined && route.isOwnName(serverName))) &&
      (route.protocols.length === 0 || route.protocols.some((each) => protocols.includes(each))),
  )
}
