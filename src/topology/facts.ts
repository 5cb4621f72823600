/** What is known of a deployment, from a document, several exports, or answers: nothing in it has been judged yet. */

/** The web services of one pool, as IIS and the topology have them. */
export interface WebSite {
  /** The external web services FQDN, as written. */
  readonly externalHost: string | undefined
  readonly internalHost: string | undefined
  /** Where the servers listen for the Internet: usually 8080 and 4443. */
  readonly externalHttp: number | undefined
  readonly externalHttps: number | undefined
  /** Where they listen for the company network: usually 80 and 443. */
  readonly internalHttps: number | undefined
  /** Where clients are told to come in: usually 80 and 443. */
  readonly publishedHttp: number | undefined
  readonly publishedHttps: number | undefined
}

/** One pool (cluster). Several sources may know parts of it; a part that is undefined is not known. */
export interface PoolFacts {
  readonly fqdn: string
  /** The name of its central site. */
  readonly site: string | undefined
  /** 5: Lync 2010, 6: Lync 2013, 7: Skype for Business 2015, 8: 2019 and later. */
  readonly version: number | undefined
  readonly servers: readonly string[]
  readonly isDirector: boolean | undefined
  /** Undefined: it has no web services, or the source does not say. */
  readonly web: WebSite | undefined
}

export type UrlComponent = 'meet' | 'dialin' | 'admin'

/** One simple URL. Old ones that are kept beside the active one are entries of their own: their links still go round. */
export interface SimpleUrl {
  readonly component: UrlComponent
  /** A SIP domain, or `*` for all. */
  readonly domain: string
  readonly url: string
  /** The central site whose users get it; undefined: everybody else. */
  readonly site: string | undefined
}

/** An Office Web Apps Server (Office Online Server). */
export interface OfficeWebAppsFacts {
  readonly discoveryUrl: string
  readonly servers: readonly string[]
  /** It stands in the perimeter or on the Internet already. */
  readonly isExternal: boolean
}

export interface Facts {
  /** The default domain first. */
  readonly sipDomains: readonly string[]
  readonly pools: readonly PoolFacts[]
  readonly simpleUrls: readonly SimpleUrl[]
  readonly officeWebApps: readonly OfficeWebAppsFacts[]
  /** What a source left out, with what to do about it. */
  readonly gaps: readonly Gap[]
}

export interface Gap {
  readonly message: string
  readonly hint: string
}

/** No facts at all: what combining begins with. */
export const noFacts: Facts = {
  sipDomains: [],
  pools: [],
  simpleUrls: [],
  officeWebApps: [],
  gaps: [],
}

/** The component of a simple URL as the topology calls it; Cscp is the Control Panel. */
export function readComponent(text: string): UrlComponent | undefined {
  const name = text.trim().toLowerCase()
  if (name === 'meet' || name === 'dialin') return name
  return name === 'cscp' || name === 'admin' ? 'admin' : undefined
}

/** A port as written; undefined for what is none. */
export function readPort(text: string | undefined): number | undefined {
  const digits = /^\s*(\d{1,5})\s*$/.exec(text ?? '')?.[1]
  const port = Number(digits)
  return port >= 1 && port <= 65_535 ? port : undefined
}

/** One name for what may be written in several ways. */
export const sameName = (name: string): string => name.trim().toLowerCase().replace(/\.$/, '')
