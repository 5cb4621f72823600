/**
 * The publishing-rules file, each key once: type, default, limit and help. The validation, the JSON
 * Schema for editors and docs/rules-reference.md all come from here.
 */
import { z } from 'zod'
import { acmeSchema } from './acme-schema.ts'
import { adminSchema } from './admin-schema.ts'
import { domainField, ipField, networkField, portField } from './fields.ts'
import { signInGuardSchema } from './guard-schema.ts'
import { limitsSchema, timeoutsSchema } from './limits-schema.ts'
import { logSchema } from './log-schema.ts'
import { poolNameField, poolSchema } from './pool-schema.ts'
import {
  certificateSchema,
  listenerSchema,
  ocspStaplingSchema,
  publishingRuleSchema,
} from './publishing-schema.ts'
import { streamSchema } from './stream-schema.ts'
import { sessionTicketsSchema } from './tickets-schema.ts'

/** Where a load balancer asks. */
export const healthSchema = z
  .strictObject({
    address: ipField().prefault('0.0.0.0').describe('The address it listens on.'),
    port: portField().default(8081).describe('Its port.'),
  })
  .describe(
    'Where a load balancer in front asks for /healthz and /readyz; nothing else is answered. ' +
      'Without it there is no such listener.',
  )

/** What may be reached. */
export const policySchema = z
  .strictObject({
    paths: z
      .enum(['guard', 'strict', 'observe'])
      .default('guard')
      .describe(
        '`guard` denies directories that are internal only; `strict` serves only those that are ' +
          'catalogued for the product and the kind of name; `observe` serves like `guard` and ' +
          'logs what `strict` would refuse. The catalogue: docs/virtual-directories.md.',
      ),
  })
  .prefault({})
  .describe('What may be reached on a published host.')

/** The whole file. Its output is not `Rules` yet: `build-rules.ts` expands and resolves it. */
export const rulesSchema = z
  .strictObject({
    version: z.literal(1).describe('The version of this format.'),
    sipDomains: z
      .array(domainField())
      .prefault([])
      .describe('`{sipDomain}` in the hosts of a rule stands for each of these.'),
    listeners: z
      .array(listenerSchema)
      .describe('The addresses and ports that clients reach; at least one.'),
    certificates: z
      .array(certificateSchema)
      .prefault([])
      .describe('What is shown to clients; chosen by the name they ask for (SNI).'),
    ocspStapling: ocspStaplingSchema,
    acme: acmeSchema.optional(),
    pools: z
      .record(poolNameField(), poolSchema)
      .describe('The servers behind, by a name that rules and logs use.'),
    rules: z
      .array(publishingRuleSchema)
      .describe('What is published, and where it leads; at least one.'),
    policy: policySchema,
    timeouts: timeoutsSchema,
    limits: limitsSchema,
    signInGuard: signInGuardSchema,
    trustedProxies: z
      .array(networkField())
      .prefault([])
      .describe('Addresses and networks whose X-Forwarded-For and PROXY header are believed.'),
    streams: z
      .array(streamSchema)
      .max(100)
      .prefault([])
      .describe('TCP ports handed through untouched, such as SIP federation on 5061.'),
    health: healthSchema.optional(),
    admin: adminSchema.optional(),
    sessionTickets: sessionTicketsSchema,
    log: logSchema,
    workers: z
      .union([z.literal('auto'), z.int().min(1).max(256)])
      .default('auto')
      .meta({
        title: 'auto or a number',
        description: 'Processes that serve; `auto` is one per core.',
      }),
  })
  .meta({
    title: 'lyncgate publishing rules',
    description: 'What lyncgate publishes and how. YAML, version 1.',
  })

/** A rules file that is valid piece by piece; references between the pieces are unchecked. */
export type WrittenRules = z.output<typeof rulesSchema>
