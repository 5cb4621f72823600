/** The back of the rules file: pools and their servers. */
import { z } from 'zod'
import {
  countField,
  domainField,
  fileField,
  nameField,
  portField,
  serverAddressField,
} from './fields.ts'
import { poolHealthSchema } from './health-schema.ts'
import { type Product, tlsVersions } from './rules.ts'

/** Ports of the external web site, by product. */
interface ProductPorts {
  readonly http: number
  readonly https: number
}

const externalSite: ProductPorts = { http: 8080, https: 4443 }
const ordinarySite: ProductPorts = { http: 80, https: 443 }

/**
 * Front Ends and Directors answer the Internet on a web site of its own, 8080 and 4443; every other
 * product has one site (Microsoft: an Office Web Apps Server is published on 443 and 80).
 */
export const defaultPorts: Readonly<Record<Product, ProductPorts>> = {
  'lync-2010': externalSite,
  'lync-2013': externalSite,
  'skype-2015': externalSite,
  'skype-2019': externalSite,
  'skype-se': externalSite,
  'office-web-apps': ordinarySite,
  exchange: ordinarySite,
  'communicator-web-access': ordinarySite,
  other: ordinarySite,
}

const products = [
  'lync-2010',
  'lync-2013',
  'skype-2015',
  'skype-2019',
  'skype-se',
  'office-web-apps',
  'exchange',
  'communicator-web-access',
  'other',
] as const satisfies readonly Product[]

export const poolNameField = nameField

/** A server that differs from its pool in ports or weight, or takes no new clients. */
export const serverObjectSchema = z.strictObject({
  address: serverAddressField().describe('A name or an IP address.'),
  http: portField().optional().meta({
    description: 'Its port for plain HTTP.',
    defaultText: 'that of the pool',
  }),
  https: portField().optional().meta({
    description: 'Its port for HTTPS.',
    defaultText: 'that of the pool',
  }),
  weight: countField(1, 256).default(1).describe('Its share of new clients.'),
  drain: z
    .boolean()
    .default(false)
    .describe('Take no new clients, so that it becomes empty; conversations there go on.'),
})

/** A server: an address, or an object that overrides ports and weight. */
export const serverSchema = z
  .union([serverAddressField(), serverObjectSchema])
  .meta({ title: 'address or server' })

const poolTlsSchema = z
  .strictObject({
    ca: fileField().optional().meta({
      description: 'PEM file with the roots its certificates come from.',
      defaultText: 'the roots of the system',
    }),
    serverName: domainField().optional().meta({
      description: 'The name its certificates must carry.',
      defaultText: "the server's own address",
    }),
    minVersion: z
      .enum(tlsVersions)
      .default('TLSv1.2')
      .describe(
        'The oldest version of TLS. Below `TLSv1.2` old ciphers, SHA-1 and short keys are accepted ' +
          'too, for this pool alone: for Lync 2010 on a Windows that cannot do better.',
      ),
    cert: fileField()
      .optional()
      .describe('PEM file with a certificate for servers that ask for one.'),
    key: fileField().optional().meta({
      description: 'PEM file with its private key.',
      defaultText: '**required** with `cert`',
    }),
    passphraseFile: fileField()
      .optional()
      .describe('File with the passphrase of `key` on its first line.'),
    insecureSkipVerify: z
      .boolean()
      .default(false)
      .describe('Accept any certificate. For a first try only: passwords cross this connection.'),
  })
  .prefault({})
  .describe('How the certificates of the servers are verified.')

/** One pool. */
export const poolSchema = z.strictObject({
  product: z
    .enum(products)
    .describe('What runs there; it decides the default ports and the directories in reach.'),
  servers: z.array(serverSchema).describe('Its servers; at least one.'),
  http: portField().optional().meta({
    description: 'The port of their external web site for plain HTTP.',
    defaultText: '8080 for lync-\\* and skype-\\*, else 80',
  }),
  https: portField().optional().meta({
    description: 'The port of their external web site for HTTPS.',
    defaultText: '4443 for lync-\\* and skype-\\*, else 443',
  }),
  tls: poolTlsSchema,
  affinity: z
    .enum(['cookie', 'source', 'none'])
    .default('cookie')
    .describe(
      'What keeps a client on one server: the cookie MS-WSMAN, its address, or nothing. A ' +
        'connection on which somebody signs in with NTLM or Negotiate stays in any case.',
    ),
  rewriteLocation: z
    .boolean()
    .default(false)
    .describe("Turn redirects to a server's own address and port into the published ones."),
  health: poolHealthSchema,
})
