/** The questions of `lyncgate init` without a topology document: which, in what order, with which defaults. */
import { parseDomain, parsePublishedHost, parseServerAddress } from '../config/host-name.ts'
import { type Facts, noFacts, type PoolFacts, type SimpleUrl, type WebSite } from './facts.ts'

export interface TextQuestion {
  readonly message: string
  /** Taken for an empty answer. */
  readonly initial: string
  /** What is wrong with an answer; undefined: nothing. */
  readonly check: (answer: string) => string | undefined
}

export interface ChoiceQuestion {
  readonly message: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly initial: string
}

/** Who answers: a person at a terminal, or a test. Undefined: cancelled. */
export interface Asker {
  readonly text: (question: TextQuestion) => Promise<string | undefined>
  readonly choose: (question: ChoiceQuestion) => Promise<string | undefined>
}

const versions = [
  { value: '8', label: 'Skype for Business Server 2019 or Subscription Edition' },
  { value: '7', label: 'Skype for Business Server 2015' },
  { value: '6', label: 'Lync Server 2013' },
  { value: '5', label: 'Lync Server 2010' },
] as const

/** Asks, and resolves to the facts; undefined: cancelled. */
export async function interview(asker: Asker): Promise<Facts | undefined> {
  const domains = await asker.text({
    message: 'SIP domains of your users (the default one first)',
    initial: '',
    check: (answer) => checkNames(answer, parseDomain, 'a domain such as contoso.com'),
  })
  if (domains === undefined) return undefined
  const sipDomains = splitNames(domains)
  const [domain = ''] = sipDomains
  const version = await asker.choose({
    message: 'Version of the servers',
    options: versions,
    initial: '8',
  })
  if (version === undefined) return undefined
  const pool = await askPool(asker, domain)
  if (!pool) return undefined
  const director = await askDirector(asker, domain)
  if (!director) return undefined
  const urls = await askSimpleUrls(asker, sipDomains)
  if (!urls) return undefined
  const wac = await asker.text({
    message: 'External name of the Office Web Apps Server (empty: none)',
    initial: '',
    check: optional((answer) => checkNames(answer, parseDomain, 'one name', 1)),
  })
  if (wac === undefined) return undefined
  const [wacHost] = splitNames(wac)
  const pools = [pool, ...director].map((each) => ({ ...each, version: Number(version) }))
  return {
    ...noFacts,
    sipDomains,
    pools,
    simpleUrls: urls,
    officeWebApps:
      wacHost === undefined
        ? []
        : [{ discoveryUrl: `https://${wacHost}/`, servers: [wacHost], isExternal: false }],
  }
}

/** External web site as Topology Builder sets it up. */
const webSite = (externalHost: string): WebSite => ({
  externalHost,
  internalHost: undefined,
  externalHttp: 8080,
  externalHttps: 4443,
  internalHttps: 443,
  publishedHttp: 80,
  publishedHttps: 443,
})

const poolOf = (fqdn: string, servers: readonly string[], host: string): PoolFacts => ({
  fqdn,
  site: undefined,
  version: undefined,
  servers,
  isDirector: false,
  web: webSite(host),
})

async function askPool(asker: Asker, domain: string): Promise<PoolFacts | undefined> {
  const servers = await asker.text({
    message: 'Front End servers of the pool, each by its own name inside',
    initial: '',
    check: (answer) => checkNames(answer, parseServerAddress, 'names such as fe01.contoso.local'),
  })
  if (servers === undefined) return undefined
  const names = splitNames(servers)
  const fqdn = await asker.text({
    message: 'Internal name of the pool (a Standard Edition server: its own)',
    initial: names[0] ?? '',
    check: (answer) => checkNames(answer, parseDomain, 'one name', 1),
  })
  if (fqdn === undefined) return undefined
  const host = await asker.text({
    message: 'External web services FQDN',
    initial: `lyncweb.${domain}`,
    check: (answer) => checkNames(answer, parseDomain, 'one name', 1),
  })
  return host === undefined ? undefined : poolOf(fqdn.trim(), names, host.trim())
}

/** An empty list: there is none. */
async function askDirector(
  asker: Asker,
  domain: string,
): Promise<readonly PoolFacts[] | undefined> {
  const answer = await asker.text({
    message: 'Directors, each by its own name inside (empty: none)',
    initial: '',
    check: optional((text) => checkNames(text, parseServerAddress, 'names, or nothing')),
  })
  if (answer === undefined) return undefined
  const servers = splitNames(answer)
  const [first] = servers
  if (first === undefined) return []
  const host = await asker.text({
    message: 'External web services FQDN of the Director',
    initial: `lyncweb-dir.${domain}`,
    check: (text) => checkNames(text, parseDomain, 'one name', 1),
  })
  if (host === undefined) return undefined
  return [{ ...poolOf(first, servers, host.trim()), isDirector: true }]
}

async function askSimpleUrls(
  asker: Asker,
  sipDomains: readonly string[],
): Promise<readonly SimpleUrl[] | undefined> {
  const meet = await asker.text({
    message: 'Names for meetings ({sipDomain} stands for each domain)',
    initial: 'meet.{sipDomain}',
    check: (answer) =>
      checkNames(answer.replaceAll('{sipDomain}', 'contoso.com'), parsePublishedHost, 'names'),
  })
  if (meet === undefined) return undefined
  const dialin = await asker.text({
    message: 'Name for dial-in conferencing',
    initial: `dialin.${sipDomains[0] ?? ''}`,
    check: (answer) => checkNames(answer, parseDomain, 'one name', 1),
  })
  if (dialin === undefined) return undefined
  const hosts = splitNames(meet).flatMap((name) =>
    name.includes('{sipDomain}')
      ? sipDomains.map((domain) => ({ domain, host: name.replaceAll('{sipDomain}', domain) }))
      : [{ domain: '*', host: name }],
  )
  return [
    ...hosts.map(({ domain, host }) => simpleUrl('meet', domain, host)),
    simpleUrl('dialin', '*', dialin.trim()),
  ]
}

const simpleUrl = (component: 'meet' | 'dialin', domain: string, host: string): SimpleUrl => ({
  component,
  domain,
  url: `https://${host}`,
  site: undefined,
})

const splitNames = (answer: string): readonly string[] =>
  answer.split(/[\s,;]+/).filter((name) => name !== '')

const optional =
  (check: TextQuestion['check']): TextQuestion['check'] =>
  (answer) =>
    splitNames(answer).length === 0 ? undefined : check(answer)

interface ParseResult {
  readonly ok: boolean
  readonly error?: { readonly message: string; readonly hint?: string }
}

function checkNames(
  answer: string,
  parse: (name: string) => ParseResult,
  wanted: string,
  most = 200,
): string | undefined {
  const names = splitNames(answer)
  if (names.length === 0 || names.length > most) return `Wanted: ${wanted}`
  for (const name of names) {
    const { error } = parse(name)
    if (error) return [`${name} ${error.message}`, error.hint].filter(Boolean).join(': ')
  }
  return undefined
}
