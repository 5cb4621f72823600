/** What is published: from facts to pools, listeners and rules, with the advice that comes up on the way. */
import { failed, ok, type Result } from '../base/result.ts'
import type { Product } from '../config/rules.ts'
import { type Advice, advise } from './advice.ts'
import { judgeFacts, type Pool } from './deployment.ts'
import { type Facts, sameName } from './facts.ts'
import { planOfficeWebApps } from './plan-office-web-apps.ts'
import { planSimpleUrls } from './plan-simple-urls.ts'
import { RuleBook } from './rule-book.ts'
import { type TopologyTrouble, trouble } from './trouble.ts'

/** A pool of the rules file. */
export interface PlannedPool {
  readonly name: string
  /** Its name inside. */
  readonly fqdn: string
  readonly product: Product
  readonly servers: readonly string[]
  readonly http: number
  readonly https: number
  readonly serverName: string | undefined
  /** Sentences for the file. */
  readonly comments: readonly string[]
}

export type Publish = 'web-services' | 'meet' | 'dialin' | 'autodiscover' | 'office-web-apps'

/** A publishing rule. */
export interface PlannedRule {
  readonly name: string
  readonly publish: Publish
  /** As the file has them, `{sipDomain}` included. */
  readonly hosts: readonly string[]
  /** The names they stand for. */
  readonly names: readonly string[]
  readonly pool: string
  readonly comments: readonly string[]
}

export interface PlannedListener {
  readonly name: string
  readonly http: number | undefined
  readonly https: number | undefined
}

export interface Plan {
  readonly sipDomains: readonly string[]
  readonly listeners: readonly PlannedListener[]
  readonly pools: readonly PlannedPool[]
  readonly rules: readonly PlannedRule[]
  /** The pool that answers for the whole deployment, by its name in the file. */
  readonly home: string
  /** The internal name of that pool. */
  readonly homeFqdn: string
  /** Names of pools without an external web services FQDN: what the file says about them. */
  readonly unpublished: readonly string[]
  /** Names that stay inside: the Admin simple URL. */
  readonly adminHosts: readonly string[]
  readonly advice: readonly Advice[]
}

const mostPools = 200
const mostNames = 2000

/**
 * Plans the publication of a deployment.
 * @param wanted the pool that answers meetings, dial-in and autodiscover, by name or FQDN; left out: a Director, else
 *   the first pool
 */
export function planPublication(facts: Facts, wanted?: string): Result<Plan, TopologyTrouble> {
  const { pools: allPools, sipDomains: allDomains, simpleUrls } = facts
  const webPools = allPools.filter(({ web }) => web !== undefined)
  if (
    webPools.length > mostPools ||
    allDomains.length > mostNames ||
    simpleUrls.length > mostNames
  ) {
    const message = `has more than ${mostPools} pools or ${mostNames} SIP domains or simple URLs`
    return failed(trouble(message, 'no deployment is that large; check what was exported'))
  }
  const advice: Advice[] = []
  const deployment = judgeFacts(facts, advice)
  const home = chooseHome(deployment.pools, wanted, advice)
  if (!home.ok) return home

  const book = new RuleBook(advice)
  for (const pool of deployment.pools) publishWebServices(pool, book, advice)
  const adminHosts = planSimpleUrls(facts, { deployment, home: home.value, book, advice })
  book.addForDomains(
    { name: 'Autodiscover', publish: 'autodiscover', pool: home.value.name },
    deployment.sipDomains.map((domain) => `lyncdiscover.${domain}`),
    deployment.sipDomains,
    autodiscoverComments,
  )
  const wac = planOfficeWebApps(facts, deployment, book, advice)
  if (book.rules.length === 0) {
    const hint = 'add an export of Get-CsSimpleUrlConfiguration and of Get-CsSipDomain'
    return failed(trouble('names nothing that could be published', hint))
  }
  const used = new Set(book.rules.map(({ pool }) => pool))
  return ok({
    sipDomains: deployment.sipDomains,
    listeners: planListeners(deployment.pools),
    pools: [...deployment.pools.map(planPool), ...wac].filter(({ name }) => used.has(name)),
    rules: book.rules,
    home: home.value.name,
    homeFqdn: home.value.fqdn,
    unpublished: deployment.pools.flatMap((pool) => (pool.externalHost ? [] : pool.name)),
    adminHosts,
    advice,
  })
}

const autodiscoverComments = [
  'Mobile clients begin at this name, over plain HTTP too. Never publish lyncdiscoverinternal.',
]

/** A Director is made for it: it knows the pool of every user. */
function chooseHome(
  pools: readonly Pool[],
  wanted: string | undefined,
  advice: Advice[],
): Result<Pool, TopologyTrouble> {
  const names = pools.map(({ name }) => name).join(', ')
  const [first] = pools
  if (!first) return failed(trouble('has no pool with web services that can be used'))
  if (wanted !== undefined) {
    const chosen = pools.find(({ name, fqdn }) =>
      [name, fqdn].map(sameName).includes(sameName(wanted)),
    )
    return chosen ? ok(chosen) : failed(trouble('has no such pool', `--pool is one of ${names}`))
  }
  const directors = pools.filter(({ isDirector }) => isDirector)
  const chosen = directors[0] ?? first
  const rivals = directors.length > 0 ? directors : pools
  if (rivals.length > 1) {
    const message = `${chosen.name} answers meetings, dial-in and autodiscover`
    const hint = `--pool chooses another one of ${names}`
    advice.push(advise('pool-chosen', message, hint))
  }
  return ok(chosen)
}

function publishWebServices(pool: Pool, book: RuleBook, advice: Advice[]): void {
  const { externalHost, name, fqdn, isDirector, publishedHttps } = pool
  if (externalHost === undefined) return
  const comments = [
    isDirector
      ? `External web services FQDN of the Director ${fqdn}.`
      : `External web services FQDN of ${fqdn}.`,
  ]
  if (publishedHttps !== 443) {
    comments.push(`The topology tells clients port ${publishedHttps}: see the listeners above.`)
    const message = `${fqdn} tells clients port ${publishedHttps} for HTTPS`
    const hint =
      'set the published port to 443 in Topology Builder unless clients must come in elsewhere'
    advice.push(advise('published-port', message, hint))
  }
  book.add(
    { name: `Web services of ${name}`, publish: 'web-services', pool: name },
    [externalHost],
    comments,
  )
}

/** 80 and 443 always: simple URLs and autodiscover have no other ports. Published ports are added. */
function planListeners(pools: readonly Pool[]): readonly PlannedListener[] {
  const published = pools.filter(({ externalHost }) => externalHost !== undefined)
  const http = new Set(published.map(({ publishedHttp }) => publishedHttp))
  const https = new Set(published.map(({ publishedHttps }) => publishedHttps))
  const taken = new Set([80, 443, 8081])
  const add = (ports: ReadonlySet<number>, make: (port: number) => PlannedListener) =>
    [...ports].flatMap((port) => {
      if (taken.has(port)) return []
      taken.add(port)
      return [make(port)]
    })
  return [
    { name: 'internet', http: 80, https: 443 },
    ...add(https, (port) => ({ name: `internet-${port}`, http: undefined, https: port })),
    ...add(http, (port) => ({ name: `internet-${port}`, http: port, https: undefined })),
  ]
}

function planPool({
  name,
  product,
  servers,
  http,
  https,
  serverName,
  isDirector,
  fqdn,
}: Pool): PlannedPool {
  const kind = isDirector ? 'Director' : servers.length > 1 ? 'Front End pool' : 'pool'
  return {
    name,
    fqdn,
    product,
    servers,
    http,
    https,
    serverName,
    comments: [`The ${kind} ${fqdn}.`],
  }
}
