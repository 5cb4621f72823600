/** `preflight [FILE]`: everything that a rules file publishes, as clients meet it. Any proxy can be tested. */
import { isIP } from 'node:net'
import { formatDuration } from '../../base/duration.ts'
import type { NtlmCredentials } from '../../ntlm/ntlm-client.ts'
import { type Finding, finding, type Judgement } from '../finding.ts'
import type { Family, Step } from '../run-preflight.ts'
import { type Endpoint, type Surroundings, writeEndpoint } from '../surroundings.ts'
import { testAffinity } from './affinity.ts'
import { clientsOf } from './clients.ts'
import { testIdle } from './idle-connection.ts'
import { testInternalDirectories } from './internal-directories.ts'
import { judgeCertificates } from './judge-certificates.ts'
import { resolveName, testDomains } from './name-in-dns.ts'
import { testPages } from './pages.ts'
import { testPlainHttp } from './plain-http.ts'
import {
  type Published,
  type PublishedName,
  publishedHosts,
  servesHttps,
} from './published-name.ts'
import { createSignInTest, type SignInTest } from './sign-in.ts'
import { type Meeting, testHttps, testNoHttps } from './test-https.ts'
import { createUploadTest, type UploadTest } from './upload-size.ts'

/** So many names are connected to; a list can be any length. */
const mostNames = 200

export interface WebServices {
  /** What the report is called by: the rules file. */
  readonly title: string
  readonly names: readonly PublishedName[]
  /** Connected to instead of what DNS says; DNS is not asked at all. */
  readonly address: string | undefined
  /** Whom to sign in at web services; undefined: nobody. */
  readonly credentials?: NtlmCredentials | undefined
  /** How long a connection to each address is held in silence; undefined: none is. */
  readonly longMs?: number | undefined
}

/** A step for DNS, one for each name, and one for all certificates together. */
export function webServicesFamily(services: WebServices): Family {
  const { title, names, address, credentials, longMs } = services
  const meetings: Meeting[] = []
  const published = publishedHosts(names)
  const signIn = credentials && createSignInTest(credentials)
  const upload = createUploadTest()
  const context: Context = { address, signIn, upload, published, meetings }
  const named = names.filter(({ host }) => !isPattern(host))
  const dns: Step = { name: 'domains', run: (world) => testDomains(world, names) }
  return {
    title: `web services of ${title}`,
    steps: [
      ...(address === undefined ? [dns] : []),
      ...named.slice(0, mostNames).map((name) => ({
        name: name.host,
        run: (world: Surroundings) => testName(world, name, context),
      })),
      ...(longMs === undefined ? [] : [idleStep(meetings, longMs)]),
      { name: 'certificates', run: async (world) => judgeCertificates(meetings, world) },
      { name: 'the rest', run: async () => notTested(names, named) },
    ],
  }
}

const idleStep = (meetings: readonly Meeting[], longMs: number): Step => ({
  name: `connections held in silence for ${formatDuration(longMs)}`,
  run: (world) => testIdle(world, meetings, longMs),
})

/** Neither DNS nor a certificate can be asked for these. */
const isPattern = (host: string): boolean =>
  host.startsWith('*.') || host.startsWith('[') || isIP(host) !== 0

interface Context {
  readonly address: string | undefined
  readonly signIn: SignInTest | undefined
  readonly upload: UploadTest
  readonly published: Published
  /** Certificates that were met are added. */
  readonly meetings: Meeting[]
}

async function testName(
  world: Surroundings,
  name: PublishedName,
  context: Context,
): Promise<readonly Finding[]> {
  if (context.address !== undefined) return testAddress(world, name, context.address, context)
  const { addresses, finding: inDns } = await resolveName(world, name)
  const tested = await Promise.all(
    addresses.map((address) => testAddress(world, name, address, context)),
  )
  return [inDns, ...tested.flat()]
}

async function testAddress(
  world: Surroundings,
  name: PublishedName,
  address: string,
  context: Context,
): Promise<readonly Finding[]> {
  const { httpPort, httpsPort } = name
  const findings: Finding[] = []
  if (httpsPort !== undefined)
    findings.push(...(await testTls(world, name, { address, port: httpsPort }, context)))
  if (httpPort !== undefined) {
    const endpoint = { address, port: httpPort }
    findings.push(await testPlainHttp(world, name, { endpoint, published: context.published }))
  }
  return findings
}

async function testTls(
  world: Surroundings,
  name: PublishedName,
  endpoint: Endpoint,
  { meetings, published, signIn, upload }: Context,
): Promise<readonly Finding[]> {
  if (!servesHttps(name)) return [await testNoHttps(world, name, endpoint)]
  const { findings, meeting, isServed } = await testHttps(world, name, endpoint)
  if (meeting) meetings.push(meeting)
  if (!isServed) return findings
  const pages = await testPages(world, name, { endpoint, published })
  if (name.kind !== 'web-services') return [...findings, ...pages]
  const subject = `https://${name.host} (${writeEndpoint(endpoint)})`
  const say = (judgement: Judgement): Finding =>
    finding({ concerns: clientsOf[name.kind], ...judgement, subject })
  const uploaded = await upload(world.probes, name.host, endpoint)
  const account = await signIn?.(world.probes, name.host, endpoint)
  return [
    ...findings,
    ...pages,
    say(await testInternalDirectories(world, name, endpoint)),
    say(await testAffinity(world, name, endpoint)),
    ...(uploaded === undefined ? [] : [say(uploaded)]),
    ...(account === undefined ? [] : [say(account)]),
  ]
}

function notTested(
  names: readonly PublishedName[],
  named: readonly PublishedName[],
): readonly Finding[] {
  const patterns = names
    .filter((name) => !named.includes(name))
    .map(({ host, kind }) =>
      skipped(host, kind, 'stands for no single name: nothing to connect to'),
    )
  const rest = named
    .slice(mostNames)
    .map(({ host, kind }) => skipped(host, kind, `only the first ${mostNames} names are tested`))
  return [...patterns, ...rest]
}

const skipped = (host: string, kind: PublishedName['kind'], seen: string): Finding =>
  finding({ verdict: 'skip', check: 'name-tested', subject: host, seen, concerns: clientsOf[kind] })
