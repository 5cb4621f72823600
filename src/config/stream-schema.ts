/** TCP ports that are handed through untouched. */
import { z } from 'zod'
import {
  countField,
  domainNameField,
  durationField,
  ipField,
  networkField,
  portField,
  serverAddressField,
  serverAndPortField,
  textField,
} from './fields.ts'

/** A server that differs in weight, or takes no new connections. */
export const streamServerObjectSchema = z.strictObject({
  address: serverAddressField('port').describe('A name or an IP address.'),
  port: portField().describe('Its port.'),
  weight: countField(1, 256).default(1).describe('Its share of new connections.'),
  drain: z
    .boolean()
    .default(false)
    .describe('Take no new connections, so that it becomes empty; those that stand go on.'),
})

/** `edge.contoso.local:5061`, or an object with weight and drain. */
export const streamServerSchema = z
  .union([serverAndPortField(), streamServerObjectSchema])
  .meta({ title: 'server:port or map' })

const serversField = () => z.array(streamServerSchema).max(100)

/** Other servers for some of the names that clients ask for. */
export const streamRouteSchema = z.strictObject({
  name: textField('text', 100).describe('What logs call it, after the name of the stream.'),
  sni: z
    .array(domainNameField())
    .max(1_000)
    .prefault([])
    .describe('Server names that clients ask for (SNI); `"*.contoso.com"` covers one label.'),
  alpn: z
    .array(textField('protocol', 255))
    .max(100)
    .prefault([])
    .describe('Protocols that clients offer (ALPN), such as `sip`; one of them is enough.'),
  servers: serversField().describe('Where those connections lead; at least one.'),
})

const streamHealthSchema = z
  .strictObject({
    check: z.enum(['tcp', 'none']).optional().meta({
      description: 'Whether a healthy server is one that accepts connections on its port.',
      defaultText: '`tcp`',
    }),
    interval: durationField({ lowest: '100ms', highest: '1h' })
      .prefault('10s')
      .describe('How often each server is asked, give or take a tenth.'),
    timeout: durationField({ lowest: '100ms', highest: '5m' })
      .prefault('5s')
      .describe('How long a connection may take.'),
    rise: countField(1, 100).default(2).describe('Good answers in a row until it is used again.'),
    fall: countField(1, 100).default(3).describe('Bad answers in a row until it is left out.'),
    lastResort: z.boolean().optional().meta({
      description: 'When no server is healthy: `true` tries them all the same.',
      defaultText: '`true` while `check` is left out, else `false`',
    }),
  })
  .prefault({})
  .describe('How its servers are watched.')

/** One TCP port that is handed through. */
export const streamSchema = z.strictObject({
  name: textField('text', 100).describe('What logs and metrics call it.'),
  listen: portField().describe('The port clients reach.'),
  address: ipField().prefault('0.0.0.0').describe('The address it listens on.'),
  servers: serversField().describe('Where it leads, each with its port; at least one.'),
  routes: z
    .array(streamRouteSchema)
    .max(100)
    .prefault([])
    .describe(
      'Other servers for connections whose ClientHello asks for certain names or protocols. The ' +
        'first route that fits counts; all other connections go to `servers`.',
    ),
  affinity: z
    .enum(['source', 'none'])
    .default('none')
    .describe('What keeps a client on one server: its address, or nothing (least connections).'),
  idle: durationField({ lowest: '1s', highest: '24h' }).optional().meta({
    description: 'A connection without a byte ends after this time.',
    defaultText: '`timeouts.tunnel`',
  }),
  proxyProtocol: z
    .enum(['off', 'v1', 'v2'])
    .default('off')
    .describe(
      'Whether a PROXY header with the address of the client goes to the server before the first ' +
        'byte. A server that does not expect one refuses the connection.',
    ),
  allow: z.array(networkField()).max(10_000).optional().meta({
    description: 'Addresses and networks that may connect.',
    defaultText: 'everyone',
  }),
  connections: countField(1, 1_000_000).optional().meta({
    description: 'Open connections of this stream; `limits.connections` counts them too.',
    defaultText: 'no limit of its own',
  }),
  connectionsPerClient: countField(1, 1_000_000).optional().meta({
    description:
      'Of these, from one IPv4 address or IPv6 /64; `limits.connectionsPerClient` counts them too.',
    defaultText: 'no limit of its own',
  }),
  health: streamHealthSchema,
})
