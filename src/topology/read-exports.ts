/** Facts from what cmdlets return: Get-CsService, Get-CsSimpleUrlConfiguration, Get-CsPool, Get-CsComputer, Get-CsSipDomain. */
import {
  type ExportedObject,
  isCutOff,
  isTypeName,
  objectsOf,
  textOf,
  textsOf,
} from './exported-object.ts'
import {
  type Facts,
  type Gap,
  type PoolFacts,
  readComponent,
  readPort,
  type SimpleUrl,
  type WebSite,
} from './facts.ts'

/** The facts of all objects, and how many of the objects say something that is needed. */
export interface ExportFacts {
  readonly facts: Facts
  readonly known: number
}

export function readExports(objects: readonly ExportedObject[]): ExportFacts {
  const found = objects.flatMap((object) => readObject(object) ?? [])
  const facts: Facts = {
    sipDomains: found.flatMap((each) => each.sipDomains ?? []),
    pools: found.flatMap((each) => each.pools ?? []),
    simpleUrls: found.flatMap((each) => each.simpleUrls ?? []),
    officeWebApps: found.flatMap((each) => each.officeWebApps ?? []),
    gaps: found.flatMap((each) => each.gaps ?? []),
  }
  return { facts, known: found.length }
}

function readObject(object: ExportedObject): Partial<Facts> | undefined {
  const role = textOf(object, 'Role') ?? /^(\w+):/.exec(textOf(object, 'Identity') ?? '')?.[1]
  if (role === 'WebServer' || textOf(object, 'ExternalHttpsPort')) return readWebServer(object)
  if (role === 'Director') return readDirector(object)
  if (discoveryUrlOf(object) !== undefined) return readOfficeWebApps(object)
  if (object.properties.has('simpleurl')) return readConfiguration(object)
  if (object.properties.has('component')) return readSimpleUrl(object, undefined)
  if (object.properties.has('computers')) return readPool(object)
  if (object.properties.has('isdefault')) return readSipDomain(object)
  if (textOf(object, 'Pool') && textOf(object, 'Fqdn')) return readComputer(object)
  return undefined
}

const emptyPool = {
  site: undefined,
  version: undefined,
  servers: [],
  isDirector: undefined,
  web: undefined,
}

/** `WebServer:pool01.contoso.local` or the property of its own. */
const poolOf = (object: ExportedObject): string | undefined =>
  textOf(object, 'PoolFqdn') ?? /^\w+:(.+)$/.exec(textOf(object, 'Identity') ?? '')?.[1]

/** `Site:Redmond` */
const siteOf = (text: string | undefined): string | undefined =>
  /^site:(.+)$/i.exec(text ?? '')?.[1]?.trim()

function readVersion(object: ExportedObject): number | undefined {
  const digits = /^\d{1,3}/.exec(textOf(object, 'Version') ?? '')?.[0]
  return digits === undefined ? undefined : Number(digits)
}

function readWebServer(object: ExportedObject): Partial<Facts> | undefined {
  const fqdn = poolOf(object)
  if (fqdn === undefined) return undefined
  const web: WebSite = {
    externalHost: textOf(object, 'ExternalFqdn') ?? hostOfUri(object, /externaluri$/),
    internalHost: textOf(object, 'InternalFqdn') ?? hostOfUri(object, /internaluri$/),
    externalHttp: readPort(textOf(object, 'ExternalHttpPort')),
    externalHttps: readPort(textOf(object, 'ExternalHttpsPort')),
    internalHttps: readPort(textOf(object, 'PrimaryHttpsPort')),
    publishedHttp: readPort(textOf(object, 'PublishedExternalHttpPort')),
    publishedHttps: readPort(textOf(object, 'PublishedExternalHttpsPort')),
  }
  const site = siteOf(textOf(object, 'SiteId'))
  return { pools: [{ ...emptyPool, fqdn, site, version: readVersion(object), web }] }
}

/** Lync 2010 prints no ExternalFqdn; the addresses of the directories have it. */
function hostOfUri(object: ExportedObject, pattern: RegExp): string | undefined {
  for (const [name, value] of object.properties) {
    if (typeof value !== 'string' || !pattern.test(name)) continue
    const host = /^https:\/\/([^/:?#\s]+)/i.exec(value)?.[1]
    if (host !== undefined) return host
  }
  return undefined
}

function readDirector(object: ExportedObject): Partial<Facts> | undefined {
  const fqdn = poolOf(object)
  if (fqdn === undefined) return undefined
  const pool: PoolFacts = { ...emptyPool, fqdn, isDirector: true }
  return { pools: [pool] }
}

const discoveryUrlOf = (object: ExportedObject): string | undefined =>
  textOf(object, 'DiscoveryUrl') ?? textOf(object, 'DiscoveryUri')

function readOfficeWebApps(object: ExportedObject): Partial<Facts> {
  const discoveryUrl = discoveryUrlOf(object) ?? ''
  const server = poolOf(object)
  const isExternal = textOf(object, 'IsExternal')?.toLowerCase() === 'true'
  return { officeWebApps: [{ discoveryUrl, servers: server ? [server] : [], isExternal }] }
}

function readPool(object: ExportedObject): Partial<Facts> | undefined {
  const fqdn = textOf(object, 'Fqdn') ?? textOf(object, 'Identity')
  if (fqdn === undefined) return undefined
  const site = siteOf(textOf(object, 'Site'))
  const isDirector =
    textsOf(object, 'Services').some((name) => name.startsWith('Director:')) || undefined
  if (isTypeName(object, 'Computers') || isCutOff(object, 'Computers')) {
    return { pools: [{ ...emptyPool, fqdn, site, isDirector }], gaps: [gapOf('Computers', fqdn)] }
  }
  return {
    pools: [{ ...emptyPool, fqdn, site, isDirector, servers: textsOf(object, 'Computers') }],
  }
}

function readComputer(object: ExportedObject): Partial<Facts> {
  const fqdn = textOf(object, 'Pool') ?? ''
  return { pools: [{ ...emptyPool, fqdn, servers: [textOf(object, 'Fqdn') ?? ''] }] }
}

function readSipDomain(object: ExportedObject): Partial<Facts> | undefined {
  const name = textOf(object, 'Name') ?? textOf(object, 'Identity')
  return name === undefined ? undefined : { sipDomains: [name] }
}

function readConfiguration(object: ExportedObject): Partial<Facts> {
  const identity = textOf(object, 'Identity')
  const site = siteOf(identity)
  const nested = objectsOf(object, 'SimpleUrl')
  if (nested.length > 0) {
    return { simpleUrls: nested.flatMap((each) => readSimpleUrl(each, site)?.simpleUrls ?? []) }
  }
  const value = object.properties.get('simpleurl')
  const texts = typeof value === 'string' ? [value] : textsOf(object, 'SimpleUrl')
  const simpleUrls = texts.flatMap((text) => readPrinted(text, site))
  const isWhole = !isTypeName(object, 'SimpleUrl') && !isCutOff(object, 'SimpleUrl')
  return { simpleUrls, gaps: isWhole ? [] : [gapOf('SimpleUrl', identity ?? 'Global')] }
}

/** `{Component=Meet;Domain=contoso.com;ActiveUrl=https://meet.contoso.com, Component=…}` */
function readPrinted(text: string, site: string | undefined): readonly SimpleUrl[] {
  return text.split(/(?=\bComponent=)/i).flatMap((part): readonly SimpleUrl[] => {
    const component = readComponent(/^Component=([^;,}]*)/i.exec(part)?.[1] ?? '')
    if (!component) return []
    const domain = /\bDomain=([^;,}]*)/i.exec(part)?.[1]?.trim() || '*'
    return urlsIn(part).map((url) => ({ component, domain, url, site }))
  })
}

/** Each once, the active one first. */
function urlsIn(text: string): readonly string[] {
  const active = /\bActiveUrl=(https?:\/\/[^\s;,{}"]+)/i.exec(text)?.[1]
  const all = text.match(/https?:\/\/[^\s;,{}"]+/gi) ?? []
  return [...new Set(active === undefined ? all : [active, ...all])]
}

function readSimpleUrl(
  object: ExportedObject,
  outerSite: string | undefined,
): Partial<Facts> | undefined {
  const component = readComponent(textOf(object, 'Component') ?? '')
  if (!component) return undefined
  const site = outerSite ?? siteOf(textOf(object, 'Identity') ?? textOf(object, 'Site'))
  const active = textOf(object, 'ActiveUrl')
  const entries = [
    ...textsOf(object, 'SimpleUrlEntry'),
    ...objectsOf(object, 'SimpleUrlEntry').map((entry) => textOf(entry, 'Url') ?? ''),
  ].flatMap((text) => urlsIn(text))
  const urls = [...new Set([...(active === undefined ? [] : [active]), ...entries])]
  const domain = textOf(object, 'Domain') ?? '*'
  return { simpleUrls: urls.map((url) => ({ component, domain, url, site })) }
}

function gapOf(property: string, owner: string): Gap {
  const message = `${property} of ${owner} was cut off or left out when it was exported`
  const hint = 'set $FormatEnumerationLimit = -1 before Format-List, or use Export-Clixml'
  return { message, hint }
}
