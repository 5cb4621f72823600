/**
 * `?sl=1` on meeting links: the browser joins with the web app instead of starting a desktop client that cannot
 * federate with this company (Kemp article 200510079; avianwaves.com, 2012-03).
 */
import type { CanonicalPath } from './canonical-path.ts'
import { catalogue } from './catalogue.ts'
import { isMeetingId } from './meeting-link.ts'
import { PathIndex } from './path-index.ts'

/** The target with `sl=1`, when it is a meeting link without one; else the target as it is. */
export function withGuestJoin(method: string, target: string, path: CanonicalPath): string {
  if (method !== 'GET' || !isJoinLink(path)) return target
  const query = target.indexOf('?')
  if (query === -1) return `${target}?sl=1`
  if (/[?&;]sl=/i.test(target.slice(query))) return target
  return target.endsWith('?') || target.endsWith('&') ? `${target}sl=1` : `${target}&sl=1`
}

/** `/<user>/<id>`, `/meet/<user>/<id>`, `/<sip domain>/meet/<user>/<id>`; not the files that the page loads. */
function isJoinLink(path: CanonicalPath): boolean {
  if (!path.ok || path.readings.some(({ hasDotSegments }) => hasDotSegments)) return false
  const [reading] = path.readings
  const { segments } = reading
  const at = segments.indexOf('meet')
  const isShared = at === 0 || (at === 1 && segments[0]?.includes('.'))
  const link = isShared ? segments.slice(at + 1) : segments
  if (link.length !== 2 || !isMeetingId(link[1])) return false
  // `/abs/handler01` is a file, not a meeting of the user "abs".
  return isShared === true || directories.under(reading) === undefined
}

const directories = new PathIndex(catalogue.map(({ path }) => [path, true] as const))
