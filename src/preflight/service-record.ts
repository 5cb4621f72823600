/** Checks one SRV record by itself: its numbers and the name it leads to. No question is asked to the network. */
import type { SrvRecord } from './dns.ts'
import { type Finding, finding, type Judgement, type System } from './finding.ts'
import { recordName, type Service } from './service.ts'
import { relateName } from './sip-name.ts'

export interface RecordVerdict {
  readonly findings: readonly Finding[]
  /** Where to go on: the port that was meant. Undefined: nobody can tell where the record leads. */
  readonly port: number | undefined
}

const sipPorts: ReadonlySet<number> = new Set([443, 5060, 5061])

/** As zone files write it (RFC 2782). */
export const writeSrv = ({ priority, weight, port, target }: SrvRecord): string =>
  `${priority} ${weight} ${port} ${target === '' ? '.' : target}`

/** Judges numbers and target. */
export function judgeRecord(service: Service, record: SrvRecord): RecordVerdict {
  const say = (judgement: Judgement): Finding =>
    finding({
      concerns: service.concerns,
      ...judgement,
      subject: `${recordName(service)} SRV ${writeSrv(record)}`,
    })
  if (record.target === '') {
    const judgement = {
      verdict: 'fail',
      check: 'srv-target',
      seen: 'the target is a dot',
      means: 'By RFC 2782 this says that the service is decidedly not offered.',
      advice: 'Name the server as the target, or delete the record.',
    } as const
    return { findings: [say(judgement)], port: undefined }
  }
  const { judgement, port } = judgeNumbers(service, record)
  return { findings: [say(judgement), say(judgeTarget(service, record.target))], port }
}

function judgeNumbers(
  { ports, domain, label, isMutual }: Service,
  record: SrvRecord,
): { judgement: Judgement; port: number | undefined } {
  const check = 'srv-numbers'
  const { priority, weight, port, target } = record
  const numbers = `priority ${priority}, weight ${weight}, port ${port}`
  const [expected = 5061] = ports
  const meant = [priority, weight].find((number) => sipPorts.has(number))
  if (!sipPorts.has(port) && meant !== undefined) {
    const judgement = {
      verdict: 'fail',
      check,
      seen: `${numbers}: the numbers are in the wrong order`,
      means: `Whoever follows the record connects to port ${port}. The check goes on with port ${meant}, which was surely meant.`,
      advice: `The order is priority, weight, port: ${label}.${domain}. SRV 0 0 ${meant} ${target}.`,
    } as const
    return { judgement, port: meant }
  }
  if (port === 0) {
    const means = 'No port is named; nobody can connect.'
    const advice = `Write port ${expected}.`
    return { judgement: { verdict: 'fail', check, seen: numbers, means, advice }, port: undefined }
  }
  if (ports.includes(port)) return { judgement: { verdict: 'pass', check, seen: numbers }, port }
  const judgement = {
    verdict: 'warn',
    check,
    seen: `${numbers}; usual is ${ports.join(' or ')}`,
    means: isMutual
      ? 'The firewalls of partners are mostly open for the usual port only.'
      : 'Clients take the port of the record; firewalls on their way are mostly open for the usual port only.',
    advice: `Offer the service on port ${expected}.`,
  } as const
  return { judgement, port }
}

/** Whose open federation has the rule, by the second seed and the fourth. */
const openFederation: readonly System[] = ['Lync', 'Skype for Business', 'XPhone Connect']

/** The rule of open federation and of automatic sign-in: the server's name proves that it may speak for the domain. */
function judgeTarget(service: Service, target: string): Judgement {
  const { domain, isMutual, foreignTarget } = service
  const check = 'srv-target'
  const advice = `Let the record lead to sip.${domain}, give that name an address record, and put it into the certificate.`
  switch (relateName(target, domain)) {
    case 'same':
      return { verdict: 'pass', check, seen: `${target} is the SIP domain itself` }
    case 'below':
      return { verdict: 'pass', check, seen: `${target} is one label below the SIP domain` }
    case 'hosted':
      return {
        verdict: 'pass',
        check,
        seen: `${target} is the name of a hosting provider (Microsoft 365)`,
        ...(isMutual ? { concerns: ['Lync', 'Skype for Business'] } : {}),
        means: isMutual
          ? 'Outside the SIP domain, and accepted all the same: both know this name as a hosting provider. Partners who have removed or disabled that entry (Get-CsHostingProvider) are not reached.'
          : 'The users of this domain sign in at Microsoft 365, not here.',
      }
    case 'doubled':
      return {
        verdict: 'fail',
        check,
        seen: `${target} has the domain twice`,
        means: 'A name without a dot at its end is relative to the zone.',
        advice: `Write the target with a dot at the end: ${target.slice(0, -domain.length - 1)}.`,
      }
    case 'address':
      return {
        verdict: 'fail',
        check,
        seen: `${target} is an address`,
        means: 'A target is a name (RFC 2782), and a certificate for an address helps nobody.',
        advice,
      }
    case 'deeper':
      return {
        verdict: foreignTarget,
        check,
        seen: `${target} is more than one label below ${domain}`,
        ...(isMutual ? { concerns: openFederation } : {}),
        means: isMutual
          ? 'Open federation wants the SIP domain itself or exactly one label below it.'
          : 'Clients want a server directly in the SIP domain.',
        advice,
      }
    case 'elsewhere':
      return {
        verdict: foreignTarget,
        check,
        seen: `${target} is not in the domain ${domain}`,
        ...(isMutual ? { concerns: openFederation } : {}),
        means: isMutual
          ? 'With open federation they refuse a server of another domain: DNS can be forged, and only the name in the certificate proves who speaks for the domain. Partners who name the server by hand (direct federation) are not affected.'
          : 'Clients that sign in automatically ask the user whether to trust the server, or refuse it.',
        advice: isMutual
          ? `${advice} Or let each partner enter the server by hand (New-CsAllowedDomain -Domain ${domain} -ProxyFqdn ${target}).`
          : advice,
      }
  }
}
