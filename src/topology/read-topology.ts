/**
 * The topology as XML: `Get-CsTopology -AsXml` (root Topology) and the file of Topology Builder (root TopologyBuilder).
 * They differ in how a service names its cluster and in where machines stand; the rest is the same.
 */
import {
  type Facts,
  type OfficeWebAppsFacts,
  type PoolFacts,
  readComponent,
  readPort,
  type SimpleUrl,
  type WebSite,
} from './facts.ts'
import { childOf, childrenOf, findAll, type XmlNode } from './read-xml.ts'

/** The facts of a document; those of one that has other elements are empty. */
export function readTopology(root: XmlNode): Facts {
  // A file of Topology Builder may also hold the topology that it began with.
  const topology = childOf(root, 'NewTopology') ?? root
  const sites = readSites(topology)
  const clusters = readClusters(topology, sites)
  const services = findAll(topology, 'Services').flatMap((each) => childrenOf(each, 'Service'))
  const web = new Map<string, Service>()
  const directors = new Set<string>()
  for (const node of services) {
    const service = readService(node)
    if (service.role === 'WebServices' && !web.has(service.cluster))
      web.set(service.cluster, service)
    const registrar = childOf(node, 'RegistrarService')
    if (isTrue(registrar?.attributes.get('IsDirector'))) directors.add(service.cluster)
  }
  return {
    sipDomains: readSipDomains(topology),
    pools: [...clusters].flatMap(([key, cluster]): PoolFacts[] => {
      const service = web.get(key)
      if (!service) return []
      const { fqdn, site, servers } = cluster
      const isDirector = directors.has(key)
      return [{ fqdn, site, servers, isDirector, version: service.version, web: readWeb(service) }]
    }),
    simpleUrls: readSimpleUrls(topology),
    officeWebApps: services.flatMap((node) => readOfficeWebApps(node, clusters)),
    gaps: [],
  }
}

interface Cluster {
  readonly fqdn: string
  readonly site: string | undefined
  readonly servers: readonly string[]
}

interface Service {
  readonly node: XmlNode
  readonly role: string
  readonly version: number | undefined
  /** The key of the cluster it is installed on. */
  readonly cluster: string
}

const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true'

function readSites(topology: XmlNode): ReadonlyMap<string, string> {
  const sites = new Map<string, string>()
  for (const site of findAll(topology, 'CentralSite')) {
    const name = childOf(site, 'Name')?.text.trim()
    if (name) sites.set(site.attributes.get('SiteId') ?? '', name)
  }
  return sites
}

/** By UniqueId (Topology Builder) or by site and number. */
function readClusters(
  topology: XmlNode,
  sites: ReadonlyMap<string, string>,
): ReadonlyMap<string, Cluster> {
  const clusters = new Map<string, Cluster>()
  const add = (node: XmlNode, outerSite: string | undefined): void => {
    const fqdn = node.attributes.get('Fqdn') ?? ''
    const id = childOf(node, 'ClusterId')
    const key = node.attributes.get('UniqueId')?.toLowerCase() ?? keyOf(id)
    if (fqdn === '' || key === undefined || clusters.has(key)) return
    const machines = [
      ...childrenOf(node, 'Machine'),
      ...childrenOf(childOf(node, 'Machines'), 'Machine'),
    ]
    // A cluster of one machine may leave its name to the cluster.
    const servers = machines.map((machine) => machine.attributes.get('Fqdn') ?? fqdn)
    const site = outerSite ?? sites.get(id?.attributes.get('SiteId') ?? '')
    clusters.set(key, { fqdn, site, servers: servers.length > 0 ? servers : [fqdn] })
  }
  for (const site of findAll(topology, 'CentralSite')) {
    const name = childOf(site, 'Name')?.text.trim()
    for (const node of findAll(site, 'Cluster')) add(node, name)
  }
  for (const node of findAll(topology, 'Cluster')) add(node, undefined)
  return clusters
}

function keyOf(id: XmlNode | undefined): string | undefined {
  if (!id) return undefined
  return `${id.attributes.get('SiteId') ?? ''}-${id.attributes.get('Number') ?? ''}`
}

function readService(node: XmlNode): Service {
  const role =
    node.attributes.get('RoleName') ?? childOf(node, 'ServiceId')?.attributes.get('RoleName')
  const version = /^\d{1,3}/.exec(node.attributes.get('ServiceVersion') ?? '')?.[0]
  const written = node.attributes.get('InstalledOn')?.toLowerCase()
  return {
    node,
    role: role ?? '',
    version: version === undefined ? undefined : Number(version),
    cluster: written ?? keyOf(childOf(childOf(node, 'InstalledOn'), 'ClusterId')) ?? '',
  }
}

/** Only the ports of the web site count: the Edge and others use 4443 too. */
const webSiteOwner = 'urn:component:ocswebsite'

function readWeb({ node }: Service): WebSite {
  const ports = childrenOf(childOf(node, 'Ports'), 'Port').filter(
    ({ attributes }) => attributes.get('Owner')?.toLowerCase() === webSiteOwner,
  )
  const find = (side: string, protocol: string): XmlNode | undefined =>
    ports.find(
      ({ attributes }) =>
        attributes.get('InterfaceSide')?.toLowerCase() === side &&
        attributes.get('Protocol')?.toLowerCase() === protocol,
    )
  const http = find('external', 'http')?.attributes
  const https = find('external', 'https')?.attributes
  const settings = childOf(node, 'WebService')
  const hostOf = (name: string): string | undefined =>
    childOf(settings, name)?.attributes.get('Host')?.trim() || undefined
  return {
    externalHost: hostOf('ExternalSettings'),
    internalHost: hostOf('InternalSettings'),
    externalHttp: readPort(http?.get('Port')),
    externalHttps: readPort(https?.get('Port')),
    internalHttps: readPort(find('primary', 'https')?.attributes.get('Port')),
    publishedHttp: readPort(http?.get('ConfiguredPort') ?? http?.get('Port')),
    publishedHttps: readPort(https?.get('ConfiguredPort') ?? https?.get('Port')),
  }
}

function readSipDomains(topology: XmlNode): readonly string[] {
  return findAll(topology, 'InternalDomains').flatMap((node) => {
    const first = node.attributes.get('DefaultDomain')
    const all = childrenOf(node, 'InternalDomain').map((each) => each.attributes.get('Name'))
    return [first, ...all].flatMap((name) => name || [])
  })
}

/** Those of the whole deployment, and those of a site. */
function readSimpleUrls(topology: XmlNode): readonly SimpleUrl[] {
  const perSite = new Map<XmlNode, string | undefined>()
  for (const site of findAll(topology, 'CentralSite')) {
    const name = childOf(site, 'Name')?.text.trim()
    for (const node of findAll(site, 'SimpleUrlConfiguration')) perSite.set(node, name)
  }
  return findAll(topology, 'SimpleUrlConfiguration').flatMap((node) =>
    childrenOf(node, 'SimpleUrl').flatMap((each) => readSimpleUrl(each, perSite.get(node))),
  )
}

function readSimpleUrl(node: XmlNode, site: string | undefined): readonly SimpleUrl[] {
  const component = readComponent(node.attributes.get('Component') ?? '')
  if (!component) return []
  const active = node.attributes.get('ActiveUrl')
  const entries = childrenOf(node, 'SimpleUrlEntry').map((entry) => entry.attributes.get('Url'))
  const urls = [...new Set([active, ...entries])].flatMap((url) => url || [])
  const domain = node.attributes.get('Domain') || '*'
  return urls.map((url) => ({ component, domain, url, site }))
}

function readOfficeWebApps(
  node: XmlNode,
  clusters: ReadonlyMap<string, Cluster>,
): readonly OfficeWebAppsFacts[] {
  const service = childOf(node, 'WacService')
  const discoveryUrl = service?.attributes.get('DiscoveryUrl')
  if (!discoveryUrl) return []
  const servers = clusters.get(readService(node).cluster)?.servers ?? []
  return [{ discoveryUrl, servers, isExternal: isTrue(service?.attributes.get('IsExternal')) }]
}
