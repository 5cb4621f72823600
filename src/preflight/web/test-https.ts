/** The TLS side of a published name at one address: is it there, is the certificate for it, which versions. */
import type { X509Certificate } from 'node:crypto'
import { readFacts } from '../certificate-facts.ts'
import { type Finding, finding, type Judgement } from '../finding.ts'
import { covers } from '../judge-certificate.ts'
import { readCertificate } from '../roots.ts'
import { type Endpoint, type Surroundings, writeEndpoint } from '../surroundings.ts'
import type { TlsAnswer } from '../tls-probe.ts'
import { visibleList } from '../visible.ts'
import { clientsOf } from './clients.ts'
import type { PublishedName } from './published-name.ts'
import { testVersions } from './tls-versions.ts'

/** What a name meets at an endpoint. */
export interface Meeting {
  readonly name: PublishedName
  readonly endpoint: Endpoint
  /** The server's own first, as sent; empty: TLS is spoken, but no certificate is shown for the name. */
  readonly chain: readonly X509Certificate[]
}

export interface HttpsResult {
  readonly findings: readonly Finding[]
  readonly meeting: Meeting | undefined
  /** Pages can be asked for. */
  readonly isServed: boolean
}

/** For names that are published with HTTPS. */
export async function testHttps(
  world: Surroundings,
  name: PublishedName,
  endpoint: Endpoint,
): Promise<HttpsResult> {
  const { probes } = world
  const concerns = clientsOf[name.kind]
  const subject = `https://${name.host} (${writeEndpoint(endpoint)})`
  const say = (judgement: Judgement): Finding => finding({ concerns, ...judgement, subject })
  const answer = await probes.tls(endpoint, name.host)
  if (answer.kind === 'unreachable')
    return {
      findings: [say(unreachable(answer.reason, world.from, endpoint))],
      meeting: undefined,
      isServed: false,
    }
  const chain = chainOf(answer)
  const [leaf] = chain
  if (!leaf) {
    const isNameless = answer.kind === 'no-certificate' && answer.isTls
    return {
      findings: [say(noCertificate(answer, name))],
      meeting: isNameless ? { name, endpoint, chain: [] } : undefined,
      isServed: false,
    }
  }
  return {
    findings: [
      say({ verdict: 'pass', check: 'https', seen: 'there is TLS' }),
      say(judgeCoverage(leaf, name)),
      say(await testVersions(probes, name, endpoint)),
    ],
    meeting: { name, endpoint, chain },
    isServed: true,
  }
}

/** Only the name; what else there is to say of a certificate is said once for all its names. */
function judgeCoverage(leaf: X509Certificate, { host }: PublishedName): Judgement {
  const check = 'certificate-name'
  const { subject, names } = readFacts(leaf)
  const seen = `for ${visibleList(names.length > 0 ? names : [`${subject} (subject only)`])}`
  if (covers(leaf, host)) return { verdict: 'pass', check, seen }
  return {
    verdict: 'fail',
    check,
    seen,
    means: 'Clients expect the name they asked for; they warn or end the connection.',
    advice: 'See the finding "certificate-names" for the list to order.',
  }
}

const chainOf = (answer: TlsAnswer): readonly X509Certificate[] =>
  answer.kind === 'tls'
    ? answer.chain.map((der) => readCertificate(der)).filter((each) => each !== undefined)
    : []

/** For names that are published over plain HTTP only: a wrong certificate must not be met. */
export async function testNoHttps(
  { probes }: Surroundings,
  name: PublishedName,
  endpoint: Endpoint,
): Promise<Finding> {
  const concerns = clientsOf[name.kind]
  const subject = `https://${name.host} (${writeEndpoint(endpoint)})`
  const check = 'https-refused'
  const answer = await probes.tls(endpoint, name.host)
  const [leaf] = chainOf(answer)
  if (!leaf) {
    const seen = answer.kind === 'unreachable' ? answer.reason : 'no certificate is shown for it'
    return finding({ concerns, subject, verdict: 'pass', check, seen: `${seen}, as the file says` })
  }
  if (covers(leaf, name.host))
    return finding({
      concerns,
      subject,
      verdict: 'warn',
      check,
      seen: 'HTTPS is served, with a certificate for the name',
      means: 'The file says "https: refuse", and something else answers here.',
      advice: 'See which machine has the address, or publish the name with HTTPS.',
    })
  return finding({
    concerns,
    subject,
    verdict: 'fail',
    check,
    seen: 'a certificate for another name is shown',
    means:
      'Clients ask over HTTPS as well as over HTTP. They meet the wrong certificate, and some warn or stop there.',
    advice:
      'Refuse the handshake for this name (in lyncgate "https: refuse"), or let it lead to an address that has no HTTPS.',
  })
}

const unreachable = (
  reason: string,
  from: Surroundings['from'],
  { port }: Endpoint,
): Judgement => ({
  verdict: 'fail',
  check: 'https',
  seen: `not reachable (${reason})`,
  means:
    from === 'lan'
      ? 'Mobile clients inside use the outer address too, and cannot sign in on the wireless network.'
      : 'Nobody outside gets through.',
  advice:
    from === 'lan'
      ? `Let the firewall lead connections from inside to its own outer address back in (hairpin) on TCP ${port}, or resolve the name to the inner address of the proxy inside.`
      : `Open TCP ${port} to the proxy in the firewall, and see that the proxy runs.`,
})

function noCertificate(answer: TlsAnswer, { host }: PublishedName): Judgement {
  const isNameless = answer.kind === 'no-certificate' && answer.isTls
  return {
    verdict: 'fail',
    check: 'https',
    seen: answer.kind === 'no-certificate' ? answer.seen : 'what it presents is no certificate',
    means: 'No client connects.',
    advice: isNameless
      ? `The proxy has no certificate for ${host}, or does not know the name: see the finding "certificate-names".`
      : 'See which service has the port: TLS is expected there.',
  }
}
