/** The addresses of meetings: `/<user>/<id>` on a name for meetings, `/Meet/<user>/<id>` where names are shared. */
import type { PublishKind } from '../config/rules.ts'
import type { Reading } from './read-path.ts'

/**
 * The server makes ids of eight letters and digits (0 to 9 and consonants); older ones are shorter numbers. What else
 * stands in second place, such as the files of a directory, has a dot or is no such word.
 */
export function isMeetingId(name: string | undefined): boolean {
  if (name === undefined) return false
  return /^[a-z0-9]{8}$/.test(name) || (/^[a-z0-9]{5,16}$/.test(name) && /[0-9]/.test(name))
}

/** `/<user>/<id>`, and `/<sip domain>/<user>/<id>`. */
export function isMeetingLink({ segments, hasDotSegments }: Reading): boolean {
  if (hasDotSegments) return false
  const start = segments.length === 3 && segments[0]?.includes('.') ? 1 : 0
  return segments.length === start + 2 && isMeetingId(segments[start + 1])
}

/**
 * The paths that the name itself stands for, without a directory of IIS in them. Simple URLs may be paths on a host
 * that they share: `/Meet`, `/Dialin`, `/<sip domain>/Meet` (Microsoft, Planning for simple URLs).
 */
export function isSimpleUrl(reading: Reading, kind: PublishKind): boolean {
  const { segments, hasDotSegments } = reading
  if (hasDotSegments) return false
  const isRoot = segments.length === 0
  switch (kind) {
    case 'autodiscover':
      return isRoot
    case 'dialin':
      return isRoot || afterDomain(segments) === 'dialin'
    case 'meet':
      return isRoot || isMeetingLink(reading) || isSharedMeet(segments)
    case 'web-services':
      return isSharedMeet(segments)
    default:
      return false
  }
}

const isSharedMeet = (segments: readonly string[]): boolean => {
  const name = afterDomain(segments)
  return name === 'meet' || name === 'dialin'
}

/** The first name, or the second behind a SIP domain. */
const afterDomain = (segments: readonly string[]): string | undefined =>
  segments[0]?.includes('.') ? segments[1] : segments[0]
