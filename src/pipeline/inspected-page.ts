/** The pages whose bodies carry passwords. */
import { canonicalPath } from '../policy/canonical-path.ts'

export interface InspectedPage {
  readonly kind: 'soap' | 'oauth'
  /** It reads the password, so that a good answer proves it. The web ticket service has ports that do not. */
  readonly isProof: boolean
}

export interface Inspection {
  readonly inspectsWebTicket: boolean
  readonly inspectsOauth: boolean
}

/** MS-OCAUTHWS: `WebTicketService.svc` and its ports; `/Auth` takes a UsernameToken. UCWA: `oauthtoken`. */
const WEB_TICKET = 'webticket/webticketservice.svc'
const OAUTH = 'webticket/oauthtoken'

/** @param target of a POST, in whatever spelling */
export function inspectedPage(target: string, inspection: Inspection): InspectedPage | undefined {
  const path = canonicalPath(target)
  if (!path.ok) return undefined
  const paths = path.readings.map(({ segments }) => `${segments.join('/')}/`)
  if (inspection.inspectsOauth && paths.some((each) => each.includes(`${OAUTH}/`)))
    return { kind: 'oauth', isProof: paths.length === 1 }
  if (!inspection.inspectsWebTicket) return undefined
  if (!paths.some((each) => each.includes(`${WEB_TICKET}/`))) return undefined
  return { kind: 'soap', isProof: paths.length === 1 && paths[0] === `${WEB_TICKET}/auth/` }
}
