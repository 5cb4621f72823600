/** What is written about what happens, and where. */
import { z } from 'zod'
import { fileField, requestIdHeaderField } from './fields.ts'

export const logSchema = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('The least grave message that is written.'),
    access: z
      .enum(['json', 'w3c', 'off'])
      .default('json')
      .describe(
        'How each request is logged: JSON lines, the W3C format of IIS, or not at all. With `w3c` and no ' +
          '`accessFile`, the standard output has nothing else and all other lines go to the standard ' +
          'error. docs/logs.md has the fields.',
      ),
    accessFile: fileField()
      .optional()
      .describe(
        'A file that the lines of requests are appended to, instead of the standard output. It may be ' +
          'renamed or cut by whoever rotates it: no signal is needed.',
      ),
    requestIdHeader: requestIdHeaderField()
      .optional()
      .describe(
        'A field of this name tells servers the id of the request, such as X-Lyncgate-Request-Id, so that ' +
          'IIS can log it. One that a client sends is taken away. Without it servers are told none.',
      ),
  })
  .prefault({})
  .describe('What is written, and where.')
