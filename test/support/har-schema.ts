/** HAR 1.2 as its specification has it (softwareishard.com, "HAR 1.2 Spec"). Names that begin with `_` are free. */
import { z } from 'zod'

/** Strict but for custom fields. */
const object = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.looseObject(shape).superRefine((value, context) => {
    for (const key of Object.keys(value)) {
      if (key in shape || key.startsWith('_')) continue
      context.addIssue({ code: 'custom', message: `"${key}" is no key of HAR 1.2` })
    }
  })

const text = z.string()
const comment = text.optional()
const size = z.int().min(-1)
const moment = z.iso.datetime({ offset: true })
/** -1: does not apply. */
const optionalMs = z.number().refine((ms) => ms >= 0 || ms === -1)
const ms = z.number().min(0)

const pair = object({ name: text, value: text, comment })
const cookie = object({
  name: text,
  value: text,
  path: text.optional(),
  domain: text.optional(),
  expires: moment.optional(),
  httpOnly: z.boolean().optional(),
  secure: z.boolean().optional(),
  comment,
})

const request = object({
  method: text,
  url: z.url().refine((url) => !url.includes('#')),
  httpVersion: text,
  cookies: z.array(cookie),
  headers: z.array(pair),
  queryString: z.array(pair),
  postData: object({
    mimeType: text,
    params: z.array(object({ name: text })),
    text,
    comment,
  }).optional(),
  headersSize: size,
  bodySize: size,
  comment,
})

const response = object({
  status: z.int().min(0),
  statusText: text,
  httpVersion: text,
  cookies: z.array(cookie),
  headers: z.array(pair),
  content: object({
    size: z.int(),
    compression: z.int().optional(),
    mimeType: text,
    text: text.optional(),
    encoding: text.optional(),
    comment,
  }),
  redirectURL: text,
  headersSize: size,
  bodySize: size,
  comment,
})

const timings = object({
  blocked: optionalMs.optional(),
  dns: optionalMs.optional(),
  connect: optionalMs.optional(),
  send: ms,
  wait: ms,
  receive: ms,
  ssl: optionalMs.optional(),
  comment,
})

const entry = object({
  pageref: text.optional(),
  startedDateTime: moment,
  time: ms,
  request,
  response,
  cache: object({}),
  timings,
  serverIPAddress: text.optional(),
  connection: text.optional(),
  comment,
})

export const harSchema = object({
  log: object({
    version: z.literal('1.2'),
    creator: object({ name: text, version: text, comment }),
    pages: z
      .array(
        object({
          startedDateTime: moment,
          id: text,
          title: text,
          pageTimings: object({}),
          comment,
        }),
      )
      .optional(),
    entries: z.array(entry),
    comment,
  }),
})

export interface HarEntryRead extends z.output<typeof entry> {
  readonly _lyncgate?: Readonly<Record<string, unknown>>
}

export interface HarRead {
  readonly entries: readonly HarEntryRead[]
  /** What is wrong with it. */
  readonly problems: readonly string[]
}

/** Checks what a schema alone does not see too: pages that exist, and times that are the sum of their parts. */
export function readHar(text: string): HarRead {
  const parsed = harSchema.safeParse(JSON.parse(text))
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    return { entries: [], problems }
  }
  const { entries, pages = [] } = parsed.data.log
  const known = new Set(pages.map(({ id }) => id))
  const problems = entries.flatMap(({ pageref, time, timings }, index) => {
    const { blocked = -1, dns = -1, connect = -1, send, wait, receive, ssl = -1 } = timings
    const parts = [blocked, dns, connect, send, wait, receive]
    const sum = parts.reduce((total, ms) => total + Math.max(0, ms), 0)
    return [
      ...(pageref !== undefined && !known.has(pageref) ? [`entry ${index}: no such page`] : []),
      ...(Math.abs(sum - time) > 0.05 ? [`entry ${index}: ${time} is not ${sum}`] : []),
      ...(ssl > connect ? [`entry ${index}: ssl is a part of connect`] : []),
    ]
  })
  return { entries: entries as readonly HarEntryRead[], problems }
}
