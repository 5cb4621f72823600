/** The web site that every lab server runs: which handler answers which host and directory. */

import { addressBook, openAddressBook } from './address-book.ts'
import { type AccessLocation, createAutodiscoverHandler } from './autodiscover.ts'
import { dataCollab } from './data-collab.ts'
import {
  createCertificateProvisioning,
  isRootChainRequest,
  leak,
  plainDirectories,
} from './directories.ts'
import { answer, type LabExchange, type LabHandler } from './exchange.ts'
import { probe } from './probes.ts'
import { createDialinHandler, joinPage } from './simple-urls.ts'
import { directoryOf } from './target.ts'
import type { Tokens } from './tokens.ts'
import { createUcwaHandler } from './ucwa.ts'
import type { UcwaApplications } from './ucwa-applications.ts'
import { createWebTicketHandler } from './web-ticket.ts'

/** What the servers share, as those of a pool do. */
export interface SiteSetup {
  readonly tokens: Tokens
  readonly applications: UcwaApplications
  readonly rootCertificatePem: string
  /** The external name of the web services: `lyncweb.contoso.com`. */
  readonly webServicesHost: string
  readonly accessLocation: AccessLocation
}

/** Builds the site. */
export function createSite(setup: SiteSetup): LabHandler {
  const autodiscover = createAutodiscoverHandler(setup.tokens, setup.accessLocation)
  const dialin = createDialinHandler(setup.webServicesHost)
  const directories = new Map<string, LabHandler>([
    ...plainDirectories,
    ['abs', addressBook],
    ['abs-open', openAddressBook],
    ['autodiscover', autodiscover],
    ['certprov', createCertificateProvisioning(setup.rootCertificatePem)],
    ['datacollabweb', dataCollab],
    ['dialin', dialin],
    ['lab', probe],
    ['meet', joinPage],
    ['ucwa', createUcwaHandler(setup.applications, setup.tokens)],
    ['webticket', createWebTicketHandler(setup.tokens)],
  ])

  return (exchange) => {
    if (!exchange.connection.secure && !answersPlain(exchange)) return redirectToTls(exchange)
    const { path } = exchange.target
    const handler = directories.get(directoryOf(path))
    if (handler) return handler(exchange)
    switch (roleOf(exchange.host)) {
      case 'lyncdiscover':
        return path === '/' ? autodiscover(exchange) : answer(exchange, { status: 404 })
      case 'meet':
        return joinPage(exchange)
      case 'dialin':
        return path === '/' ? dialin(exchange) : answer(exchange, { status: 404 })
      case 'admin':
        return leak('admin')(exchange)
      default:
        // IIS: directory browsing is off.
        return answer(exchange, { status: path === '/' ? 403 : 404 })
    }
  }
}

/** The simple URL that a host stands for, by its first label. */
function roleOf(host: string): string | undefined {
  return /^(lyncdiscover|meet|dialin|admin)(internal)?\./.exec(host)?.[1]
}

/** What Lync serves without TLS; the lab's own paths as well, so that tests can do without it. */
function answersPlain(exchange: LabExchange): boolean {
  const directory = directoryOf(exchange.target.path)
  if (directory === 'lab' || directory === 'requesthandlerext') return true
  if (isRootChainRequest(exchange)) return true
  const isAutodiscover = directory === '' || directory === 'autodiscover'
  return isAutodiscover && roleOf(exchange.host) === 'lyncdiscover'
}

/** IIS redirects with 302; a method other than GET is kept by 307. */
function redirectToTls(exchange: LabExchange): void {
  const { req, publicOrigin } = exchange
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  answer(exchange, {
    status: isRead ? 302 : 307,
    headers: { Location: publicOrigin + (req.url ?? '/') },
  })
}
