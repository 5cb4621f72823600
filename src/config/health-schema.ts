/** How the servers of a pool are watched. */
import { z } from 'zod'
import { countField, durationField, requestPathField, textField } from './fields.ts'
import type { CheckRule, Product } from './rules.ts'

/** Microsoft's own probe of an external web site: GET, without an Accept field, 200 expected. */
export const WEB_CHECK_PATH = '/autodiscover/autodiscoverservice.svc/root'

const web: CheckRule = { kind: 'web', path: WEB_CHECK_PATH, status: 200, body: undefined }
const tcp: CheckRule = { kind: 'tcp', port: undefined }
const none: CheckRule = { kind: 'none' }

/** What is checked where the file does not say: see docs/decisions/0013. */
export const defaultChecks: Readonly<Record<Product, CheckRule>> = {
  'lync-2010': tcp,
  'lync-2013': web,
  'skype-2015': web,
  'skype-2019': web,
  'skype-se': web,
  'office-web-apps': none,
  exchange: none,
  'communicator-web-access': none,
  other: none,
}

// The port is 1 to 65535.
const checkPattern =
  /^(?:web|none|tcp(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?)$/

const pathCheckSchema = z.strictObject({
  path: requestPathField().describe('What is asked for by GET over HTTPS, query included.'),
  status: countField(200, 599).default(200).describe('The status a healthy server answers with.'),
  body: textField('text', 200)
    .optional()
    .describe('Text that must stand in the first 64 KiB of the answer.'),
})

const checkSchema = z.union([z.string().regex(checkPattern), pathCheckSchema]).meta({
  title: '`web`, `tcp`, `tcp:PORT`, `none` or a map',
  description:
    "What a healthy server answers: Microsoft's own probe of the web services; a connection to its " +
    'https port or another one; or a path of your choice.',
  defaultText: '`web` for lync-2013 and skype-\\*, `tcp` for lync-2010, else `none`',
})

type WrittenCheck = z.output<typeof checkSchema>

/** What a written check means. */
export function readCheck(written: WrittenCheck): CheckRule {
  if (typeof written !== 'string') {
    return { kind: 'web', path: written.path, status: written.status, body: written.body }
  }
  if (written === 'web') return web
  if (written === 'none') return none
  const port = written.split(':')[1]
  return port === undefined ? tcp : { kind: 'tcp', port: Number(port) }
}

export const poolHealthSchema = z
  .strictObject({
    check: checkSchema.optional(),
    interval: durationField({ lowest: '100ms', highest: '1h' })
      .prefault('10s')
      .describe('How often each server is asked, give or take a tenth.'),
    timeout: durationField({ lowest: '100ms', highest: '5m' })
      .prefault('5s')
      .describe('How long an answer may take, connection included.'),
    rise: countField(1, 100).default(2).describe('Good answers in a row until it is used again.'),
    fall: countField(1, 100).default(3).describe('Bad answers in a row until it is left out.'),
    lastResort: z.boolean().optional().meta({
      description:
        'When no server is healthy: `true` tries them all the same, `false` answers 503 at once.',
      defaultText: '`true` while `check` is left out, else `false`',
    }),
  })
  .prefault({})
  .describe('How servers are watched.')
