/** Certificates from an authority that speaks ACME (RFC 8555). */
import { z } from 'zod'
import { fileField, httpsUrlField, mailField, textField } from './fields.ts'

const eabSchema = z
  .strictObject({
    kid: textField('text', 1024).describe('The key identifier that the authority gave out.'),
    key: fileField().describe('File with the HMAC key as the authority gave it out (base64url).'),
  })
  .describe('External account binding: what ties the account to a customer of the authority.')

/** Whom certificates are ordered from, and as whom. */
const authorityShape = {
  directory: httpsUrlField().describe('The directory URL of the authority.'),
  ca: fileField()
    .optional()
    .describe(
      'PEM file with the roots that its web server is verified against; left out: the usual ones.',
    ),
  eab: eabSchema.optional(),
  profile: textField('name of a profile', 100)
    .optional()
    .describe('A certificate profile of the authority, such as one for short-lived certificates.'),
}

const mostFallbacks = 4

export const acmeSchema = z
  .strictObject({
    ...authorityShape,
    contact: mailField().describe('Whom the authority writes to.'),
    storage: fileField().describe(
      'The directory that keeps account, keys and certificates; lyncgate alone must be able to read it.',
    ),
    agreeToTerms: z
      .boolean()
      .default(false)
      .describe(
        'You have read the terms of service of each authority named here and agree to them. ' +
          'An authority that has terms issues nothing without it.',
      ),
    keyType: z.enum(['ecdsa', 'rsa']).optional().meta({
      description:
        'The keys of certificates: ECDSA P-256, or RSA 2048 for clients that know nothing else.',
      defaultText: '`rsa` where a listener or a rule has `tls: legacy`, else `ecdsa`',
    }),
    fallbacks: z
      .array(z.strictObject(authorityShape))
      .max(mostFallbacks)
      .prefault([])
      .describe('Further authorities, tried in this order when those before them issue nothing.'),
  })
  .describe(
    'Obtains certificates for published names that none in `certificates` covers, and renews them: docs/acme.md.',
  )
