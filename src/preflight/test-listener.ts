/** Connects to what a record leads to, and sees whether it speaks what the record promises. */
import type { X509Certificate } from 'node:crypto'
import { type Finding, finding, type Judgement } from './finding.ts'
import { judgeCertificate } from './judge-certificate.ts'
import { readCertificate } from './roots.ts'
import { recordName, type Service } from './service.ts'
import { relateName } from './sip-name.ts'
import { type Endpoint, type Surroundings, writeEndpoint } from './surroundings.ts'
import type { TlsAnswer } from './tls-probe.ts'

export interface ListenerTest {
  readonly service: Service
  /** The name in the record; also what is sent as SNI. */
  readonly target: string
  readonly endpoint: Endpoint
}

type Say = (judgement: Judgement) => Finding

/** At most four short connections. */
export async function testListener(
  surroundings: Surroundings,
  test: ListenerTest,
): Promise<readonly Finding[]> {
  const { service, target, endpoint } = test
  const subject = `${target} (${writeEndpoint(endpoint)})`
  const say: Say = (judgement) => finding({ concerns: service.concerns, ...judgement, subject })
  if (service.transport === 'udp')
    return [say({ verdict: 'skip', check: 'listener', seen: 'UDP is not tested' })]
  if (service.transport === 'tcp') return [await testPlain(surroundings, test, say)]
  return testTls(surroundings, test, { say, subject })
}

async function testTls(
  surroundings: Surroundings,
  test: ListenerTest,
  { say, subject }: { say: Say; subject: string },
): Promise<readonly Finding[]> {
  const { probes, roots, now } = surroundings
  const { service, target, endpoint } = test
  const answer = await probes.tls(endpoint, target)
  if (answer.kind === 'unreachable') return [say(unreachable(answer.reason, endpoint, service))]
  if (answer.kind === 'no-certificate' && !answer.isTls) {
    const plain = await probes.sip(endpoint, service.domain)
    return [say(notTls(answer.seen, plain.kind === 'sip', service))]
  }
  if (answer.kind === 'no-certificate') return [say(failedHandshake(answer.seen))]
  const listener = say({
    verdict: 'pass',
    check: 'listener',
    seen: `reachable, speaks ${answer.version}`,
  })
  if (relateName(target, service.domain) === 'hosted') {
    const seen = 'belongs to the hosting provider, who looks after it'
    return [listener, say({ verdict: 'skip', check: 'certificate', seen })]
  }
  const chain = answer.chain.map((der) => readCertificate(der))
  const [leaf] = chain
  if (!leaf) return [listener, say(unreadable)]
  const others = chain.slice(1).filter((certificate) => certificate !== undefined)
  const bare = await probes.tls(endpoint, undefined)
  return [
    listener,
    say(judgeVersion(answer.version, service)),
    ...(service.isMutual ? [say(judgeMutual(answer.asksForCertificate))] : []),
    say(judgeSni(leaf, bare)),
    ...judgeCertificate(
      { chain: [leaf, ...others], subject, roots, now },
      {
        name: target,
        concerns: service.concerns,
        wildcard: service.wildcard,
        isMutual: service.isMutual,
      },
    ),
  ]
}

async function testPlain(
  { probes }: Surroundings,
  { service, target, endpoint }: ListenerTest,
  say: Say,
): Promise<Finding> {
  const answer = await probes.sip(endpoint, service.domain)
  if (answer.kind === 'unreachable') return say(unreachable(answer.reason, endpoint, service))
  if (answer.kind === 'sip')
    return say({ verdict: 'pass', check: 'listener', seen: `speaks SIP: ${answer.status}` })
  const tls = await probes.tls(endpoint, target)
  const isTls = tls.kind === 'tls' || (tls.kind === 'no-certificate' && tls.isTls)
  if (!isTls)
    return say({
      verdict: 'warn',
      check: 'listener',
      seen: answer.seen,
      means: 'It may be a server that ignores strangers, or something else than SIP.',
      advice: 'See with a client, or in the log of the server, whether SIP is spoken here.',
    })
  return say({
    verdict: 'fail',
    check: 'record-against-listener',
    seen: 'speaks TLS, but the record promises plain SIP',
    means: `A client that takes ${recordName(service)} speaks plain SIP and gets no answer.`,
    advice: 'Let the record for TCP lead to a plain port (mostly 5060), or delete it.',
  })
}

function unreachable(reason: string, { port }: Endpoint, service: Service): Judgement {
  return {
    verdict: 'fail',
    check: 'listener',
    seen: reason === 'refused' ? 'connection refused' : `not reachable (${reason})`,
    means: service.isMutual
      ? 'Partners get no connection to this server.'
      : `A client stops at ${recordName(service)} and does not try the records after it.`,
    advice:
      reason === 'refused'
        ? `Nothing listens on TCP ${port} there, or a firewall refuses: check the forwarding and the service.`
        : `Open TCP ${port} in the firewalls on the way, and see that the address in DNS is the right one.`,
  }
}

function notTls(seen: string, speaksSip: boolean, service: Service): Judgement {
  return {
    verdict: 'fail',
    check: 'record-against-listener',
    seen: speaksSip ? 'speaks plain SIP, but the record promises TLS' : seen,
    means: service.isMutual
      ? 'Federation is always TLS with certificates on both sides; no partner can connect.'
      : `A client stops at ${recordName(service)}, speaks TLS and gets no answer; it never tries the plain records after it.`,
    advice: speaksSip
      ? 'Let the record lead to a TLS port (mostly 5061), give the server a certificate and a TLS listener, or delete the record.'
      : 'See that the port is forwarded to the SIP server, and that it has a TLS listener there.',
  }
}

const failedHandshake = (seen: string): Judgement => ({
  verdict: 'fail',
  check: 'listener',
  seen,
  means: 'It speaks TLS, but shows no certificate to anybody.',
  advice:
    'Look at the certificate that is assigned to the service, and at the protocol versions and ciphers that are allowed.',
})

const unreadable: Judgement = {
  verdict: 'fail',
  check: 'certificate',
  seen: 'what it presents is no certificate',
  means: 'Whoever connects ends the connection.',
  advice: 'Assign a certificate to the service.',
}

function judgeVersion(version: string, { isMutual }: Service): Judgement {
  const check = 'tls-version'
  if (version === 'TLS 1.2') return { verdict: 'pass', check, seen: version }
  if (version === 'TLS 1.3')
    return {
      verdict: 'fail',
      check,
      seen: 'TLS 1.3 only',
      means: 'Windows before Server 2022 and Windows 11 speaks at most TLS 1.2.',
      advice: 'Allow TLS 1.2 as well.',
    }
  return {
    verdict: isMutual ? 'fail' : 'warn',
    check,
    seen: `at most ${version}`,
    means: isMutual
      ? 'Teams and current partners ask for TLS 1.2; only systems of the same age connect.'
      : 'Current clients ask for TLS 1.2; only those of the same age connect.',
    advice:
      'Switch on TLS 1.2 in SChannel. Live Communications Server cannot: keep such a server inside.',
  }
}

function judgeMutual(asks: boolean | undefined): Judgement {
  const check = 'mutual-tls'
  if (asks) return { verdict: 'pass', check, seen: 'asks for the certificate of the other side' }
  if (asks === undefined) return { verdict: 'skip', check, seen: 'TLS 1.3 does not show it' }
  return {
    verdict: 'warn',
    check,
    seen: 'does not ask for the certificate of the other side',
    means:
      'Servers that federate prove themselves to each other. Something on the way may end TLS, or the port belongs to another service.',
    advice:
      'Let no proxy, balancer or firewall end TLS on this port; forward it as TCP. See that it leads to the federation listener.',
  }
}

function judgeSni(leaf: X509Certificate, bare: TlsAnswer): Judgement {
  const check = 'server-name'
  if (bare.kind === 'tls' && bare.chain[0]?.equals(leaf.raw))
    return { verdict: 'pass', check, seen: 'the same certificate with and without a server name' }
  return {
    verdict: 'warn',
    check,
    seen:
      bare.kind === 'tls'
        ? 'another certificate without a server name (SNI)'
        : 'no certificate without a server name (SNI)',
    means: 'Old partners and clients send no server name and meet the other one.',
    advice: 'Make this certificate the one for connections without a server name on this port.',
  }
}
