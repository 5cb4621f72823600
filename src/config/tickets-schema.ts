/** How TLS sessions are resumed. */
import { z } from 'zod'
import { durationField, fileField } from './fields.ts'

export const sessionTicketsSchema = z
  .strictObject({
    secret: fileField()
      .optional()
      .describe(
        'A file with 32 random bytes or more, the same on every replica; left out: each start makes its own.',
      ),
    rotate: durationField({ lowest: '1m', highest: '168h' })
      .prefault('12h')
      .describe('How long keys are used; sessions older than that begin anew.'),
  })
  .prefault({})
  .describe('Resuming TLS sessions, also on another worker or replica.')
