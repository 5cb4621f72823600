/** Sections whose machinery comes later; `unsupported.ts` refuses them until then. */
import { z } from 'zod'
import {
  countField,
  durationField,
  fileField,
  httpsUrlField,
  ipField,
  portField,
  textField,
} from './fields.ts'

/** Certificates from an authority that speaks ACME. */
export const acmeSchema = z
  .strictObject({
    directory: httpsUrlField().describe('The directory URL of the authority.'),
    contact: textField('mail address', 254).describe('Whom the authority writes to.'),
    storage: fileField().describe('The directory that keeps account, keys and certificates.'),
  })
  .describe('Obtains certificates for names that none in `certificates` covers.')

const guardFor = (failures: number, meaning: string) =>
  z
    .strictObject({
      failures: countField(1, 100_000).default(failures).describe('Failed sign-ins.'),
      window: durationField({ lowest: '1s', highest: '24h' })
        .prefault('15m')
        .describe('Within this time.'),
      block: durationField({ lowest: '1s', highest: '24h' })
        .prefault('15m')
        .describe('How long further tries are answered with 429.'),
    })
    .prefault({})
    .describe(meaning)

/** Brute force is stopped before Active Directory locks the account. */
export const signInGuardSchema = z
  .strictObject({
    perUser: guardFor(5, "For one account; keep it below Active Directory's own lock-out."),
    perClient: guardFor(200, 'For one client address.'),
  })
  .describe('Slows down those who guess passwords.')

/** The address for administrators. */
export const adminSchema = z
  .strictObject({
    address: ipField().prefault('127.0.0.1').describe('The address it listens on.'),
    port: portField().default(9090).describe('Its port.'),
  })
  .describe('Status page, /metrics and /api.')
