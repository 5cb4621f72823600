/**
 * `?sl=1` on meeting links: the browser joins with the web app instead of starting a desktop client that cannot
 * federate with this company (Kemp article 200510079; avianwaves.com, 2012-03).
 */
import { canonicalPath } from './canonical-path.ts'

/** The target with `sl=1`, when it is a meeting link without one; else the target as it is. */
export function withGuestJoin(method: string, target: string): string {
  if (method !== 'GET' || !isMeetingLink(target)) return target
  const query = target.indexOf('?')
  if (query === -1) return `${target}?sl=1`
  if (/[?&;]sl=/i.test(target.slice(query))) return target
  return target.endsWith('?') || target.endsWith('&') ? `${target}sl=1` : `${target}&sl=1`
}

/** `/<user>/<id>`, `/meet/<user>/<id>`, `/<sip domain>/meet/<user>/<id>`; not the files that the page loads. */
function isMeetingLink(target: string): boolean {
  const path = canonicalPath(target)
  if (!path.ok || path.readings.some(({ hasDotSegments }) => hasDotSegments)) return false
  const { segments } = path.readings[0]
  const start = segments.indexOf('meet', 0)
  const link =
    start === 0 || (start === 1 && segments[0]?.includes('.'))
      ? segments.slice(start + 1)
      : segments
  return link.length === 2 && /^[a-z0-9]{4,16}$/.test(link[1] ?? '')
}
