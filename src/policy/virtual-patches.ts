/**
 * Known holes of the servers, closed in front of them until they are patched. Each is a row: where it applies, and what
 * a request must look like to pass.
 */
import type { CanonicalPath } from './canonical-path.ts'
import { foldLookAlikes } from './look-alikes.ts'

export interface VirtualPatch {
  /** The advisory; it is the reason in the log. */
  readonly id: string
  readonly summary: string
  /** True for a target that must not reach the server. */
  readonly refuses: (question: PatchQuestion) => boolean
}

export interface PatchQuestion {
  /** Origin-form, as received. */
  readonly target: string
  /** The readings of the target's path. */
  readonly path: CanonicalPath
  /** True for a host and port under which meetings or web services are published. */
  readonly isPublished: (host: string, port: number | undefined) => boolean
}

/**
 * CVE-2023-41763: the Front End fetches the URL in `meeturl` by itself, unauthenticated: a blind request from inside.
 * Legitimate links come from the join page and name a published host (frycos.github.io, 2022-09-26; CISA KEV).
 */
const meetUrl: VirtualPatch = {
  id: 'CVE-2023-41763',
  summary: 'meeturl of the Lync Web App must be a published name',
  refuses: ({ target, path, isPublished }) => {
    const query = target.indexOf('?')
    if (query === -1 || !leadsToWebApp(path)) return false
    return meetUrlValues(target.slice(query + 1)).some(
      (value) => !isPublishedUrl(value, isPublished),
    )
  },
}

/** Every patch; room for more of the kind. */
export const virtualPatches: readonly VirtualPatch[] = [meetUrl]

/** The first patch that refuses the target. */
export function findVirtualPatch(question: PatchQuestion): VirtualPatch | undefined {
  return virtualPatches.find((patch) => patch.refuses(question))
}

/** The page is LwaClient.aspx; other pages below /lwa take the parameter along, so the directory is what counts. */
function leadsToWebApp(path: CanonicalPath): boolean {
  return !path.ok || path.readings.some(({ segments }) => segments.includes('lwa'))
}

/** The values of every spelling of the name; `?` and `;` start a pair for some reader. */
function meetUrlValues(query: string): string[] {
  const values: string[] = []
  for (const pair of query.split(/[&;?]/)) {
    const equals = pair.indexOf('=')
    const name = fullyDecoded(equals === -1 ? pair : pair.slice(0, equals))
    if (name === undefined || readName(name) === 'meeturl')
      values.push(equals === -1 ? '' : pair.slice(equals + 1))
  }
  return values
}

const readName = (name: string): string =>
  foldLookAlikes(Buffer.from(name, 'latin1').toString('utf8').normalize('NFKC'))
    .toLowerCase()
    .trim()

/** Undefined: it does not come to rest. ASP.NET takes `%u006d` in queries too. */
function fullyDecoded(text: string): string | undefined {
  let value = text.replaceAll('+', ' ')
  for (let round = 0; round < 4; round++) {
    const next = value.replace(/%(?:u00)?([0-9a-f][0-9a-f])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (next === value) return value
    value = next
  }
  return undefined
}

const URL_OF_MEETING =
  /^https?:\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::([0-9]{1,5}))?(?:[/?][\x21-\x7e]*)?$/i

function isPublishedUrl(value: string, isPublished: PatchQuestion['isPublished']): boolean {
  // "+" is a digit of base64 here, not a blank.
  const text = fullyDecoded(value.replaceAll('+', '%2b'))
  // The join page writes "!" for "=" ("legacy=RmFsc2U!", frycos).
  if (text === undefined || !/^[A-Za-z0-9+/_-]{1,4096}[=!]{0,2}$/.test(text)) return false
  const url = Buffer.from(text.replace(/[=!]/g, ''), 'base64').toString('latin1')
  const [, host, port] = URL_OF_MEETING.exec(url) ?? []
  // A backslash or a second "@" would move the host for another reader; the expression lets the authority have neither.
  if (host === undefined || /[\\@]/.test(url)) return false
  return isPublished(host.toLowerCase(), port === undefined ? undefined : Number(port))
}
