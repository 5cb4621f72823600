/** The deployment as it can be published: names that hold, ports, products, and what had to be assumed. */
import { parseServerAddress } from '../config/host-name.ts'
import type { Product } from '../config/rules.ts'
import { type Advice, advise } from './advice.ts'
import { type Facts, type PoolFacts, sameName } from './facts.ts'
import { isInsideOnly, readHost } from './judge-names.ts'
import { showName } from './trouble.ts'

export interface Pool {
  /** What the rules file calls it. */
  readonly name: string
  readonly fqdn: string
  readonly site: string | undefined
  readonly product: Product
  readonly servers: readonly string[]
  readonly isDirector: boolean
  readonly http: number
  readonly https: number
  readonly publishedHttp: number
  readonly publishedHttps: number
  /** The external web services FQDN; undefined: there is none that can be published. */
  readonly externalHost: string | undefined
  /** The name in the certificates of the servers; undefined: each has its own. */
  readonly serverName: string | undefined
}

export interface Deployment {
  readonly sipDomains: readonly string[]
  readonly pools: readonly Pool[]
}

/** What it does not know goes to `advice`. Pools without web services are left out. */
export function judgeFacts(facts: Facts, advice: Advice[]): Deployment {
  const pools: Pool[] = []
  for (const each of facts.pools) {
    const pool = judgePool(each, pools, advice)
    if (pool) pools.push(pool)
  }
  for (const { message, hint } of facts.gaps) {
    advice.push(advise('incomplete-export', message, hint))
  }
  return { sipDomains: judgeDomains(facts, pools, advice), pools }
}

function judgePool(facts: PoolFacts, others: readonly Pool[], advice: Advice[]): Pool | undefined {
  const { web } = facts
  if (!web) return undefined
  const fqdn = readHost(facts.fqdn, 'a pool', advice)
  if (fqdn === undefined) return undefined
  const servers = judgeServers(facts, fqdn, advice)
  const https = web.externalHttps ?? 4443
  if (https === (web.internalHttps ?? 443)) {
    const message = `${fqdn}: the external web site listens on ${https}, the port of the internal one`
    const hint = 'in Topology Builder set the external listening ports to 8080 and 4443'
    advice.push(advise('external-port-is-internal', message, hint))
  }
  return {
    name: poolName(fqdn, others),
    fqdn,
    site: facts.site,
    product: productOf(facts.version, fqdn, advice),
    servers,
    isDirector: facts.isDirector ?? false,
    http: web.externalHttp ?? 8080,
    https,
    publishedHttp: web.publishedHttp ?? 80,
    publishedHttps: web.publishedHttps ?? 443,
    externalHost: judgeExternalHost(facts, fqdn, others, advice),
    serverName: servers.length === 1 && servers[0] === fqdn ? undefined : fqdn,
  }
}

function judgeServers(facts: PoolFacts, fqdn: string, advice: Advice[]): readonly string[] {
  const servers = new Set<string>()
  for (const written of facts.servers) {
    const server = parseServerAddress(written.trim())
    if (server.ok) servers.add(server.value)
    else {
      const message = `${fqdn}: the server ${showName(written)} ${server.error.message}`
      advice.push(advise('bad-name', message, 'write its name under "servers"'))
    }
  }
  if (servers.size > 0) return [...servers]
  const message = `the servers of ${fqdn} are not known`
  const hint = 'write each Front End under "servers", or add an export of Get-CsPool'
  advice.push(advise('servers-assumed', message, hint))
  return [fqdn]
}

/** ServiceVersion of the topology and Version of Get-CsService count alike. */
function productOf(version: number | undefined, fqdn: string, advice: Advice[]): Product {
  if (version === 5) {
    const message = `${fqdn} is Lync Server 2010`
    const hint =
      'its Windows may have to be told to speak TLS 1.2 (SChannel); mobile clients need the Mobility Service of CU4 or later'
    advice.push(advise('old-servers', message, hint))
    return 'lync-2010'
  }
  if (version === 6) return 'lync-2013'
  if (version === 7) return 'skype-2015'
  const isNew = version !== undefined && version >= 8
  const message = isNew
    ? `${fqdn} has version ${version}: 2019 and Subscription Edition look alike`
    : `${fqdn} has ${version === undefined ? 'no version' : `version ${version}`}`
  const hint = isNew
    ? 'write "product: skype-se" if it is Subscription Edition'
    : 'correct "product" of the pool'
  advice.push(advise('product-assumed', message, hint))
  return 'skype-2019'
}

function judgeExternalHost(
  { web }: PoolFacts,
  fqdn: string,
  others: readonly Pool[],
  advice: Advice[],
): string | undefined {
  const owner = `${fqdn}: external web services FQDN`
  if (web?.externalHost === undefined) {
    const message = `${fqdn} has no external web services FQDN`
    const hint =
      'set it in Topology Builder (Edit Properties, Web services), publish, and run init again'
    advice.push(advise('no-external-name', message, hint))
    return undefined
  }
  const host = readHost(web.externalHost, owner, advice)
  if (host === undefined) return undefined
  const rival = others.find(({ externalHost }) => externalHost === host)
  if (rival) {
    const message = `${host} is the external web services FQDN of ${rival.fqdn} and of ${fqdn}`
    const hint = `each pool needs one of its own; the rule leads to ${rival.fqdn}`
    advice.push(advise('name-taken', message, hint))
    return undefined
  }
  const internal = [fqdn, sameName(web.internalHost ?? fqdn)]
  if (internal.includes(host)) {
    const message = `${host} is the external and the internal name of ${fqdn}`
    const hint =
      'inside it leads to the internal web site, so mobile clients on the company network fail; choose another external name'
    advice.push(advise('external-equals-internal', message, hint))
  }
  if (isInsideOnly(host)) adviseInsideOnly(host, advice)
  return host
}

/** For every name that is published and that the Internet cannot know. */
export function adviseInsideOnly(host: string, advice: Advice[]): void {
  const message = `${host} exists inside only`
  const hint = 'choose a name of a domain that you own on the Internet'
  advice.push(advise('internal-name-published', message, hint))
}

/** The first label is what people say; a name that is taken becomes longer. */
function poolName(fqdn: string, others: readonly Pool[]): string {
  const isFree = (name: string): boolean => others.every((other) => other.name !== name)
  const usable = fqdn.replace(/^[^a-z0-9]+/, '')
  const candidates = [usable.split('.')[0] ?? '', usable]
    .map((name) => name.slice(0, 63))
    .filter((name) => name !== '')
  for (let count = 2; ; count += 1) {
    const free = candidates.find(isFree)
    if (free !== undefined) return free
    candidates.push(`pool-${count}`)
  }
}

function judgeDomains(facts: Facts, pools: readonly Pool[], advice: Advice[]): readonly string[] {
  const read = (names: readonly string[]): string[] => [
    ...new Set(names.flatMap((name) => readHost(name, 'SIP domain', advice) ?? [])),
  ]
  const said = read(facts.sipDomains)
  if (said.length > 0) return said
  const ofUrls = read(facts.simpleUrls.map(({ domain }) => domain).filter((each) => each !== '*'))
  const ofHosts = pools.flatMap(
    ({ externalHost = '' }) => /^[^.]+\.(.+\..+)$/.exec(externalHost)?.[1] ?? [],
  )
  const assumed = ofUrls.length > 0 ? ofUrls : [...new Set(ofHosts)].slice(0, 1)
  const message = `SIP domains assumed: ${assumed.join(', ') || 'none'}`
  const hint = 'correct "sipDomains", or add an export of Get-CsSipDomain'
  advice.push(advise('sip-domains-assumed', message, hint))
  return assumed
}
