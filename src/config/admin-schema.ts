/** The address for administrators, and what protects it. */
import { z } from 'zod'
import { fileField, ipField, portField } from './fields.ts'

/** The address for administrators. */
export const adminSchema = z
  .strictObject({
    address: ipField()
      .prefault('127.0.0.1')
      .describe('The address it listens on. Any but a loopback address needs `token` and `tls`.'),
    port: portField().default(9090).describe('Its port.'),
    token: fileField()
      .optional()
      .describe(
        'A file with the token that requests must carry: 32 characters or more, not readable by ' +
          'everybody. Without it reading is free on loopback, and actions need a token that is ' +
          'made at the start.',
      ),
    tls: z
      .strictObject({
        cert: fileField().describe('PEM: the certificate, then its intermediates.'),
        key: fileField().describe('PEM: its private key, without a passphrase.'),
      })
      .optional()
      .describe('Speaks HTTPS instead of plain HTTP.'),
  })
  .describe('Where administrators read the status and /metrics, and drain and reload by /api.')
