/** Sections whose machinery comes later; `unsupported.ts` refuses them until then. */
import { z } from 'zod'
import { countField, durationField } from './fields.ts'

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
