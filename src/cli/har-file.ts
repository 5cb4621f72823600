/** The archive that a trace becomes ("HAR 1.2 Spec", softwareishard.com). */
import { CLIENT_PAGE, SERVER_PAGE } from '../trace/har-entry.ts'

export interface HarEntry {
  readonly startedDateTime: string
  readonly pageref?: string
}

export interface HarParts {
  readonly version: string
  readonly entries: readonly HarEntry[]
  readonly startedAt: Date
  readonly comment: string
}

export function harText({ version, entries, startedAt, comment }: HarParts): string {
  const startedDateTime = startedAt.toISOString()
  const page = (id: string, title: string) => ({ startedDateTime, id, title, pageTimings: {} })
  const log = {
    version: '1.2',
    creator: { name: 'lyncgate', version },
    pages: [
      page(CLIENT_PAGE, 'What clients sent to lyncgate, and got'),
      page(SERVER_PAGE, 'What lyncgate sent to servers, and got'),
    ],
    entries: [...entries].sort((one, other) =>
      one.startedDateTime < other.startedDateTime ? -1 : 1,
    ),
    comment,
  }
  return `${JSON.stringify({ log }, undefined, 1)}\n`
}
