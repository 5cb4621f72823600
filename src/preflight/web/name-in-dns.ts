/** What DNS says of a published name, and of the names that clients ask for without being told. */
import { type Finding, finding, type Judgement, type System } from '../finding.ts'
import { judgeAddresses } from '../judge-addresses.ts'
import type { Surroundings } from '../surroundings.ts'
import { clientsOf } from './clients.ts'
import { domainOf, type Published, type PublishedName, publishedHosts } from './published-name.ts'

const mostAddresses = 4

export interface Resolved {
  readonly addresses: readonly string[]
  readonly finding: Finding
}

/** Where clients are led to. */
export async function resolveName(
  { dns, from }: Surroundings,
  { host, kind }: PublishedName,
): Promise<Resolved> {
  const answer = await dns.addresses(host)
  const say = (judgement: Judgement): Finding =>
    finding({ concerns: clientsOf[kind], ...judgement, subject: host })
  if (answer.status !== 'found')
    return {
      addresses: [],
      finding: say({
        verdict: 'fail',
        check: 'name-address',
        seen:
          answer.status === 'failed' ? `DNS did not answer (${answer.reason})` : 'has no address',
        means: 'Clients do not find it.',
        advice:
          answer.status === 'failed'
            ? 'Check the name servers of the domain, or try another one with --dns.'
            : `Publish an A record for ${host} with the outer address of the proxy. To test before that, give the address with --address.`,
      }),
    }
  const addresses = [...new Set(answer.records)].slice(0, mostAddresses)
  return { addresses, finding: say(judgeAddresses(addresses, from === 'internet', unreachable)) }
}

const unreachable = {
  check: 'name-address',
  means: 'Clients outside get no connection.',
  advice:
    'Publish the outer address of the proxy in DNS outside. If this machine asks DNS inside, run the preflight with --from lan.',
}

const discovery: readonly System[] = ['mobile clients', 'desktop clients']

/** Each domain with autodiscover or meetings: the names that clients try there by themselves. */
export async function testDomains(
  world: Surroundings,
  names: readonly PublishedName[],
): Promise<readonly Finding[]> {
  const guessed = names.filter(
    ({ kind, host }) => (kind === 'autodiscover' || kind === 'meet') && !host.startsWith('*.'),
  )
  const domains = [...new Set(guessed.map(({ host }) => domainOf(host)))]
  const published = publishedHosts(names)
  const found = await Promise.all(domains.map((domain) => testDomain(world, domain, published)))
  return found.flat()
}

async function testDomain(
  { dns, from }: Surroundings,
  domain: string,
  published: Published,
): Promise<readonly Finding[]> {
  const outside = `lyncdiscover.${domain}`
  const inside = `lyncdiscoverinternal.${domain}`
  const [wild, external, internal] = await Promise.all([
    dns.addresses(`lyncgate-preflight-no-such-name.${domain}`),
    dns.addresses(outside),
    dns.addresses(inside),
  ])
  const say = (subject: string, judgement: Judgement): Finding =>
    finding({ concerns: discovery, ...judgement, subject })
  const findings: Finding[] = []
  if (wild.status === 'found') findings.push(say(domain, wildcard(wild.records, inside)))
  else if (from === 'internet' && internal.status === 'found')
    findings.push(
      say(inside, {
        verdict: 'warn',
        check: 'internal-record-outside',
        seen: `${internal.records.join(', ')}: can be resolved from the Internet`,
        means:
          'Clients ask for it before lyncdiscover, and outside they wait for a server that they cannot reach.',
        advice:
          'Keep the record in DNS inside only. If this machine asks DNS inside, run the preflight with --from lan.',
      }),
    )
  if (!published.has(outside))
    findings.push(say(outside, notPublished(external.status === 'found', domain)))
  return findings
}

const wildcard = (addresses: readonly string[], inside: string): Judgement => ({
  verdict: 'warn',
  check: 'dns-wildcard',
  seen: `every name resolves (${addresses.join(', ')}): a wildcard record`,
  means: `Clients ask for ${inside} first and are led to a server that does not know it: sign-in and joining a meeting become slow, or end with a certificate warning.`,
  advice:
    'Write the records one by one. If the wildcard must stay, see that the server behind it closes ports 80 and 443 for unknown names at once.',
})

const notPublished = (isThere: boolean, domain: string): Judgement => ({
  verdict: isThere ? 'warn' : 'fail',
  check: 'discovery-name',
  seen: isThere
    ? 'is in DNS, but no rule of the file publishes it'
    : 'is neither in DNS nor in a rule of the file',
  means: `Mobile clients, and desktop clients without SRV records, find nothing for users of ${domain}.`,
  advice: `Add a rule with "publish: autodiscover" and the host lyncdiscover.${domain}, and a record for it. If nobody has a SIP address in ${domain}, this does not matter.`,
})
