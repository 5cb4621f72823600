/** What guards sign-ins: how many may fail, and what becomes of those who fail more often. */
import { z } from 'zod'
import {
  countField,
  durationField,
  fileField,
  networkField,
  redisUrlField,
  textField,
} from './fields.ts'

interface GuardLimit {
  readonly meaning: string
  readonly failures: number
  readonly mostFailures: number
  readonly window: string
  readonly block: string
}

const guardFor = ({ meaning, failures, mostFailures, window, block }: GuardLimit) =>
  z
    .strictObject({
      failures: countField(1, mostFailures).default(failures).describe('Failed sign-ins.'),
      window: durationField({ lowest: '1s', highest: '24h' }).prefault('15m').describe(window),
      block: durationField({ lowest: '1s', highest: '24h' }).prefault('15m').describe(block),
    })
    .prefault({})
    .describe(meaning)

/** Where several lyncgates count together. */
const sharedSchema = z
  .strictObject({
    url: redisUrlField().describe(
      'A Redis or Valkey server: `redis://HOST:PORT`, or `rediss://HOST:PORT` for TLS.',
    ),
    user: textField('text', 256)
      .optional()
      .describe('Whom to sign in as; left out: the default user.'),
    password: fileField().optional().describe('A file with the password.'),
    ca: fileField()
      .optional()
      .describe(
        'PEM file with the roots that its certificate is verified against; else the roots of the system.',
      ),
    secret: fileField().describe(
      'A file with 32 random bytes or more, the same on every replica: names of users are only sent ' +
        'hashed with it.',
    ),
    timeout: durationField({ lowest: '10ms', highest: '5s' })
      .prefault('250ms')
      .describe(
        'How long a sign-in waits for an answer; then the counts of this lyncgate decide alone.',
      ),
  })
  .describe('Replicas count together; left out: each for itself.')

/** Brute force is stopped before Active Directory locks the account. */
export const signInGuardSchema = z
  .strictObject({
    mode: z
      .enum(['enforce', 'observe', 'off'])
      .default('enforce')
      .describe(
        '`observe` counts, logs and lists, but refuses nothing; `off` does not even look. ' +
          'docs/sign-in-guard.md has the whole story.',
      ),
    perUser: guardFor({
      meaning:
        'For one account. Active Directory sees at most twice as many, less one: keep its own lock-out ' +
        'threshold at twice `failures` or more.',
      failures: 5,
      mostFailures: 1_000,
      window:
        'The count begins anew when none failed for so long, as in Active Directory: at least as long ' +
        'as "Reset account lockout counter after" there.',
      block:
        'How long further tries are answered as a wrong password is, without asking the pool; never ' +
        'shorter than `window`.',
    }),
    perClient: guardFor({
      meaning: 'For one client: an IPv4 address or an IPv6 /64.',
      failures: 200,
      mostFailures: 100_000,
      window: 'Within this time, from the first one on.',
      block: 'How long further tries are answered with 429.',
    }),
    inspect: z
      .strictObject({
        webTicket: z
          .boolean()
          .default(false)
          .describe('User name and password in SOAP messages to WebTicketService.svc.'),
        ucwa: z
          .boolean()
          .default(false)
          .describe('The password grant in forms to /WebTicket/oauthtoken.'),
      })
      .prefault({})
      .describe(
        'Looks into bodies of at most 64 KiB for names of users; larger ones to these pages get 413. ' +
          'NTLM and Basic are always looked at.',
      ),
    blur: durationField({ lowest: '0s', highest: '10s' })
      .prefault('0s')
      .describe(
        'Refusals of passwords come no earlier than so long after the request, so that their timing does ' +
          'not tell which users there are.',
      ),
    allow: z
      .strictObject({
        clients: z
          .array(networkField())
          .max(1_000)
          .prefault([])
          .describe('Addresses and networks that are neither counted nor refused.'),
        users: z
          .array(textField('account name', 256))
          .max(1_000)
          .prefault([])
          .describe('Accounts that are neither counted nor refused.'),
      })
      .prefault({})
      .describe('Who is left alone.'),
    shared: sharedSchema.optional(),
    logNames: z
      .boolean()
      .default(true)
      .describe(
        '`false`: log lines about blocked users have `***` for the name; the admin list has it.',
      ),
  })
  .prefault({})
  .describe('Slows down those who guess passwords. Works without being written.')
