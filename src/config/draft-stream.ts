/** What can be made out of a stream although parts of it are wrong. */
import { asMap, countOf, entriesOf, type Located, read, readList } from './draft-values.ts'
import type { KeyPath } from './problem.ts'
import { quote } from './quote.ts'
import type { ServerAndPort } from './server-and-port.ts'
import { streamRouteSchema, streamSchema, streamServerSchema } from './stream-schema.ts'

/** Servers in one list. */
export interface StreamServersDraft {
  /** Of the list. */
  readonly path: KeyPath
  /** For messages: `the stream "SIP federation"`. */
  readonly owner: string
  readonly servers: readonly Located<ServerAndPort>[]
  /** How many are written; undefined if that is no list. */
  readonly count: number | undefined
}

export interface StreamRouteDraft {
  readonly path: KeyPath
  readonly name: string | undefined
  readonly sni: readonly Located<string>[]
  /** Whether the keys have entries, be they good or bad. */
  readonly hasSni: boolean
  readonly hasAlpn: boolean
  readonly servers: StreamServersDraft
}

/** Undefined: left out without a default, or wrong. */
export interface StreamDraft {
  readonly path: KeyPath
  readonly name: string | undefined
  readonly address: string | undefined
  readonly listen: number | undefined
  readonly idleMs: number | undefined
  readonly proxyProtocol: 'off' | 'v1' | 'v2' | undefined
  /** How many networks are written; undefined: left out, or no list. */
  readonly allowCount: number | undefined
  readonly servers: StreamServersDraft
  readonly routes: readonly StreamRouteDraft[]
}

export function readStream({ path, value }: Located<unknown>): StreamDraft {
  const { shape } = streamSchema
  const map = asMap(value)
  const name = read(shape.name, map['name'])
  return {
    path,
    name,
    address: read(shape.address, map['address']),
    listen: read(shape.listen, map['listen']),
    idleMs: read(shape.idle, map['idle']),
    proxyProtocol: read(shape.proxyProtocol, map['proxyProtocol']),
    allowCount: countOf(map['allow']),
    servers: readServers(map['servers'], path, titleOf('stream', name)),
    routes: entriesOf(map['routes'], [...path, 'routes']).map(readRoute),
  }
}

function readRoute({ path, value }: Located<unknown>): StreamRouteDraft {
  const { shape } = streamRouteSchema
  const map = asMap(value)
  const name = read(shape.name, map['name'])
  return {
    path,
    name,
    sni: readList(shape.sni.unwrap().element, map['sni'], [...path, 'sni']),
    hasSni: countOf(map['sni']) !== 0 && map['sni'] !== undefined,
    hasAlpn: countOf(map['alpn']) !== 0 && map['alpn'] !== undefined,
    servers: readServers(map['servers'], path, titleOf('route', name)),
  }
}

const readServers = (value: unknown, path: KeyPath, owner: string): StreamServersDraft => ({
  path: [...path, 'servers'],
  owner,
  servers: readList(streamServerSchema, value, [...path, 'servers']),
  count: countOf(value),
})

/** A kind of entry and its name, for messages. */
export const titleOf = (kind: string, name: string | undefined): string =>
  name === undefined ? `a ${kind} without a name` : `the ${kind} ${quote(name)}`
