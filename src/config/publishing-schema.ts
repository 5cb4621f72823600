/** The front of the rules file: listeners, certificates, publishing rules. */
import { z } from 'zod'
import {
  countField,
  fileField,
  ipField,
  nameField,
  portField,
  publishedHostField,
  rulePathField,
  textField,
} from './fields.ts'
import { plainHttpDefaults } from './plain-http-defaults.ts'
import type { TlsProfile } from './rules.ts'

const profiles = ['modern', 'compatible', 'legacy'] as const satisfies readonly TlsProfile[]

/** One address with its ports. */
export const listenerSchema = z.strictObject({
  name: nameField().describe('What rules, logs and metrics call it; unique.'),
  address: ipField()
    .prefault('0.0.0.0')
    .describe('`0.0.0.0`, `"::"` or one IP; several listeners may share a port on different IPs.'),
  http: portField().optional().describe('The port of plain HTTP; left out: none.'),
  https: portField().optional().describe('The port of HTTPS; left out: none.'),
  tls: z
    .enum(profiles)
    .default('compatible')
    .describe(
      '`modern` is TLS 1.3 alone, `compatible` 1.2 and 1.3 with modern ciphers, ' +
        '`legacy` adds TLS 1.0 and 1.1 for old desk phones.',
    ),
  proxyProtocol: z
    .enum(['off', 'required'])
    .default('off')
    .describe(
      '`required`: only trustedProxies may connect, on both ports, and each connection begins with a ' +
        'PROXY header (version 1 or 2), which names the client.',
    ),
  connections: countField(1, 1_000_000)
    .optional()
    .meta({
      description:
        'Open client connections of this listener, over its ports; `limits.connections` counts them too. ' +
        'So other listeners keep their share.',
      defaultText: 'no limit of its own',
    }),
})

/** One certificate: `cert` and `key`, or `pfx`. */
export const certificateSchema = z.strictObject({
  cert: fileField().optional().meta({
    description: 'PEM file with the certificate, and its chain unless `chain` names it.',
    defaultText: '**required** without `pfx`',
  }),
  key: fileField().optional().meta({
    description: 'PEM file with the private key.',
    defaultText: '**required** with `cert`',
  }),
  chain: fileField().optional().describe('PEM file with the intermediates, if `cert` lacks them.'),
  pfx: fileField()
    .optional()
    .describe('PKCS #12 file (.pfx, .p12) with certificate, chain and key, instead of the others.'),
  passphraseFile: fileField()
    .optional()
    .describe('File with the passphrase of `key` or `pfx` on its first line.'),
})

/** A network call of its own, so it is asked for. */
export const ocspStaplingSchema = z
  .enum(['off', 'on'])
  .default('off')
  .describe(
    '`on`: asks the OCSP responders that certificates name, over HTTP, and staples their answers. ' +
      'Certificates without a responder go without.',
  )

const actions = ['forward', 'redirect', 'refuse'] as const

/** `redirect` for some kinds, `forward` for others, ... */
function describeHttpDefaults(): string {
  const rows = Object.entries(plainHttpDefaults)
  return actions
    .map((action) => {
      const kinds = rows.filter(([, row]) => row.action === action).map(([kind]) => kind)
      return `\`${action}\` for ${kinds.join(', ')}`
    })
    .join('; ')
}

const mostPaths = 100

/** One publishing rule. */
export const publishingRuleSchema = z.strictObject({
  name: textField('text', 100).describe('What logs and `lyncgate explain` call it; unique.'),
  publish: z
    .enum([
      'web-services',
      'meet',
      'dialin',
      'autodiscover',
      'office-web-apps',
      'exchange',
      'communicator-web-access',
      'anything',
    ])
    .describe('What kind of name this is; it decides defaults and the directories in reach.'),
  hosts: z
    .array(publishedHostField())
    .describe('Names that clients ask for. `*.` may stand in front, for one label.'),
  pool: textField('name of a pool', 63).describe('Where its requests go.'),
  listeners: z
    .array(textField('name of a listener', 63))
    .prefault([])
    .describe('The listeners it applies to; left out or empty: all of them.'),
  http: z
    .enum(actions)
    .optional()
    .meta({
      description:
        'What plain HTTP does. `forward` leaves it to the servers, as Microsoft asks for ' +
        'autodiscover; `redirect` sends clients to HTTPS. Reasons: docs/virtual-directories.md.',
      defaultText: describeHttpDefaults(),
    }),
  https: z
    .enum(['serve', 'refuse'])
    .default('serve')
    .describe('`refuse` ends the TLS handshake, for names that no certificate covers.'),
  tls: z
    .enum(profiles)
    .optional()
    .meta({
      description:
        'The TLS profile of these hosts alone, whatever else the listener serves. It is found by ' +
        'the name that a client asks for (SNI): phones that send none get the profile of the listener.',
      defaultText: 'that of the listener',
    }),
  allow: z
    .array(rulePathField('"policy: { paths: guard }" opens all but what is internal'))
    .max(mostPaths)
    .prefault([])
    .describe('Paths that are open, with all below them, whatever `policy.paths` says.'),
  deny: z
    .array(rulePathField('to publish nothing, leave out the rule'))
    .max(mostPaths)
    .prefault([])
    .describe('Paths that are closed, with all below them; stronger than `allow`.'),
  phones: z
    .boolean()
    .default(false)
    .describe(
      'Open what desk phones need before they can sign in, over plain HTTP too: the root ' +
        'certificates and the firmware. Only for web-services and anything.',
    ),
  guestJoin: z
    .boolean()
    .default(false)
    .describe(
      'Add `sl=1` to meeting links: guests join in the browser, even where a Lync client is ' +
        'installed. Only for meet, web-services and anything.',
    ),
  hideServerFields: z
    .boolean()
    .default(false)
    .describe(
      'Keep the header fields Server, X-Powered-By and X-MS-Server-Fqdn of answers from clients.',
    ),
})
