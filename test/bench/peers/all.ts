/** Who takes part; lyncgate first. */
import { apache } from './apache.ts'
import { caddy } from './caddy.ts'
import { fastifyHttpProxy } from './fastify-http-proxy.ts'
import { haproxy } from './haproxy.ts'
import { lyncgate } from './lyncgate.ts'
import { nginx } from './nginx.ts'
import type { Peer } from './peer.ts'

export const allPeers: readonly Peer[] = [lyncgate, nginx, haproxy, apache, caddy, fastifyHttpProxy]
