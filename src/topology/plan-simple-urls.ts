/** Meetings, dial-in and the Admin URL: which hosts, for whom, and which pool answers. */
import { type Advice, advise } from './advice.ts'
import type { Deployment, Pool } from './deployment.ts'
import { type Facts, type SimpleUrl, sameName } from './facts.ts'
import { readSimpleUrlParts } from './judge-names.ts'
import type { RuleBook } from './rule-book.ts'

interface Scope {
  readonly deployment: Deployment
  readonly home: Pool
  readonly book: RuleBook
  readonly advice: Advice[]
}

/** Adds the rules. Returns the hosts that are for administrators and stay inside. */
export function planSimpleUrls(facts: Facts, scope: Scope): readonly string[] {
  const { deployment, advice } = scope
  const isAssumed = facts.simpleUrls.every(({ component }) => component === 'admin')
  const urls = isAssumed ? customaryUrls(deployment.sipDomains) : facts.simpleUrls
  if (isAssumed && urls.length > 0) {
    const message = `no simple URLs found; assumed: ${urls
      .map(({ url }) => url)
      .slice(0, 4)
      .join(', ')}`
    const hint =
      'correct the hosts, or add an export of Get-CsSimpleUrlConfiguration with another --topology'
    advice.push(advise('simple-urls-assumed', message, hint))
  }
  const placed = urls.flatMap((url) => place(url, scope))
  for (const site of new Set(placed.map((each) => each.site))) {
    const ofSite = placed.filter((each) => each.site === site)
    addRules(site, ofSite, isAssumed, scope)
  }
  if (!isAssumed) adviseOnMissing(placed, scope)
  const admins = facts.simpleUrls.filter(({ component }) => component === 'admin')
  return adviseOnAdmin(admins, scope)
}

interface PlacedUrl extends SimpleUrl {
  readonly host: string
}

/** As Topology Builder proposes them. */
function customaryUrls(sipDomains: readonly string[]): readonly SimpleUrl[] {
  const meet = sipDomains.map((domain) => ({
    component: 'meet' as const,
    domain,
    url: `https://meet.${domain}`,
    site: undefined,
  }))
  const [first] = sipDomains
  if (first === undefined) return []
  return [
    ...meet,
    { component: 'dialin', domain: '*', url: `https://dialin.${first}`, site: undefined },
  ]
}

function place(simpleUrl: SimpleUrl, { deployment, advice }: Scope): readonly PlacedUrl[] {
  if (simpleUrl.component === 'admin') return []
  const parts = readSimpleUrlParts(simpleUrl.url, `the ${simpleUrl.component} URL`, advice)
  if (!parts) return []
  const { host } = parts
  const isDomain = deployment.sipDomains.includes(host)
  const isPool = deployment.pools.some(({ fqdn }) => host.includes(fqdn))
  if (isDomain || isPool) {
    const message = `${host} of the ${simpleUrl.component} URL is the name of a ${isDomain ? 'SIP domain' : 'pool'}`
    advice.push(advise('odd-simple-url', message, 'simple URLs need a name of their own'))
  }
  return [{ ...simpleUrl, host }]
}

function addRules(
  site: string | undefined,
  urls: readonly PlacedUrl[],
  isAssumed: boolean,
  { deployment, home, book, advice }: Scope,
): void {
  const pool = site === undefined ? home : poolOfSite(site, deployment.pools)
  if (!pool && site !== undefined) {
    const message = `the site ${showSite(site)} has simple URLs, but no pool with web services; they lead to ${home.name}`
    advice.push(advise('site-without-pool', message, 'check "pool" of these rules'))
  }
  const target = (pool ?? home).name
  const suffix = site === undefined ? '' : ` of the site ${showSite(site)}`
  const hostsOf = (component: string): readonly string[] =>
    urls.filter((each) => each.component === component).map(({ host }) => host)
  const notes = (component: string): readonly string[] => {
    const hosts = new Set(hostsOf(component).filter((host) => !book.ownerOf(host)))
    const assumed = isAssumed ? ['ASSUMED: nothing that was read holds the simple URLs.'] : []
    return [...assumed, ...listUrls(urls.filter(({ host }) => hosts.has(host)))]
  }
  book.addForDomains(
    { name: `Meetings${suffix}`, publish: 'meet', pool: target },
    hostsOf('meet'),
    deployment.sipDomains,
    notes('meet'),
  )
  // One name is enough for dial-in, so it is not written for each SIP domain.
  book.add(
    { name: `Dial-in${suffix}`, publish: 'dialin', pool: target },
    hostsOf('dialin'),
    notes('dialin'),
  )
}

const mostListed = 8

function listUrls(urls: readonly PlacedUrl[]): readonly string[] {
  const isPlain = ({ url, host }: PlacedUrl): boolean =>
    sameName(url).replace(/\/$/, '') === `https://${host}`
  const paths = urls
    .filter((each) => !isPlain(each))
    .map(({ url }) => url.replace(/[^\x21-\x7e]/g, '?').slice(0, 200))
  const more = paths.length - mostListed
  return more > 0 ? [...paths.slice(0, mostListed), `and ${more} more`] : paths
}

function poolOfSite(site: string, pools: readonly Pool[]): Pool | undefined {
  const inside = pools.filter(
    (pool) => pool.site !== undefined && sameName(pool.site) === sameName(site),
  )
  return inside.find(({ isDirector }) => isDirector) ?? inside[0]
}

/** A name that people gave, safe inside a rule's name, a comment and a terminal. */
const showSite = (site: string): string =>
  site
    .replace(/[^\p{L}\p{N} ._-]/gu, '')
    .trim()
    .slice(0, 40)

/** Each SIP domain needs a meeting URL (Microsoft: at least one for each of your SIP domains). */
function adviseOnMissing(urls: readonly PlacedUrl[], { deployment, advice }: Scope): void {
  const meets = urls.filter(({ component }) => component === 'meet')
  const served = new Set(meets.map(({ domain }) => sameName(domain)))
  const missing = deployment.sipDomains.filter((domain) => !served.has(domain))
  if (missing.length === 0 || served.has('*')) return
  const shown = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ', …' : '')
  const hint =
    'users of these domains cannot create meeting links; add a Meet simple URL in Topology Builder'
  advice.push(advise('meet-missing', `no meeting URL for ${shown}`, hint))
}

function adviseOnAdmin(urls: readonly SimpleUrl[], { book, advice }: Scope): readonly string[] {
  const hosts = new Set<string>()
  for (const { url } of urls) {
    const host = readSimpleUrlParts(url, 'the Admin URL', advice)?.host
    if (host === undefined || hosts.has(host)) continue
    hosts.add(host)
    const isShared = book.ownerOf(host) !== undefined
    const message = isShared
      ? `${host} is published, but the path of the Control Panel on it is not`
      : `${host} (Control Panel) is not published`
    advice.push(advise('admin-stays-inside', message, 'nothing to do; leave it out of public DNS'))
  }
  return [...hosts].filter((host) => book.ownerOf(host) === undefined)
}
