/** The SRV records a SIP client asks for one after the other; it stops at the first that is there. */
import type { Lookup, SrvRecord } from './dns.ts'
import { type Finding, finding, type System, type Verdict } from './finding.ts'
import { recordName, type Service } from './service.ts'
import type { Standpoint, Surroundings } from './surroundings.ts'
import { published, testService } from './test-service.ts'

export interface Stop {
  readonly label: string
  readonly transport: Service['transport']
  readonly ports: readonly number[]
  /** Belongs into DNS inside only. */
  readonly isInternal: boolean
}

const tls = { transport: 'tls', ports: [5061] } as const
const plain = { transport: 'tcp', ports: [5060] } as const

const sipInternalTls: Stop = { label: '_sipinternaltls._tcp', ...tls, isInternal: true }
const sipInternal: Stop = { label: '_sipinternal._tcp', ...plain, isInternal: true }
const sipTls: Stop = { label: '_sip._tls', transport: 'tls', ports: [443, 5061], isInternal: false }
const sipTcp: Stop = { label: '_sip._tcp', ...plain, isInternal: false }
const sipUdp: Stop = { label: '_sip._udp', transport: 'udp', ports: [5060], isInternal: false }

/** Communicator 2007, Lync and Skype for Business: TLS before plain. */
export const lyncOrder: readonly Stop[] = [sipInternalTls, sipInternal, sipTls, sipTcp, sipUdp]

/** Live Communications Server 2003 and 2005, as the fifth seed has it: the plain internal record is the first. */
export const lcsOrder: readonly Stop[] = [sipInternal, sipInternalTls, sipTls, sipTcp, sipUdp]

export interface Walk {
  readonly domain: string
  readonly order: readonly Stop[]
  readonly concerns: readonly System[]
  /** What it is worth when none of the records is there. */
  readonly without: Verdict
}

type Found = readonly { readonly stop: Stop; readonly answer: Lookup<SrvRecord> }[]

/** Which record a client takes, and whether each leads to a listener of its kind. */
export async function walkClientRecords(
  surroundings: Surroundings,
  walk: Walk,
): Promise<readonly Finding[]> {
  const { dns, from } = surroundings
  const { domain, order, concerns } = walk
  const found: Found = await Promise.all(
    order.map(async (stop) => ({
      stop,
      answer: await dns.srv(recordName({ label: stop.label, domain })),
    })),
  )
  const findings: Finding[] = [...judgeOrder(found, walk), ...judgeInternal(found, walk, from)]
  for (const { stop, answer } of found) {
    if (answer.status !== 'found') continue
    const service: Service = {
      domain,
      label: stop.label,
      transport: stop.transport,
      ports: stop.ports,
      concerns,
      isMutual: false,
      wildcard: 'warn',
      foreignTarget: 'warn',
      specialAddress: from === 'internet' && !stop.isInternal ? 'fail' : 'pass',
    }
    findings.push(...(await testService(surroundings, published(service, answer.records))))
  }
  return findings
}

function judgeOrder(found: Found, { domain, concerns, without }: Walk): readonly Finding[] {
  const subject = `client records of ${domain}`
  const failed = found.filter(({ answer }) => answer.status === 'failed')
  const hits = found.filter(({ answer }) => answer.status === 'found')
  const list = (['found', 'none', 'failed'] as const)
    .map((status) => ({ status, stops: found.filter(({ answer }) => answer.status === status) }))
    .filter(({ stops }) => stops.length > 0)
    .map(
      ({ status, stops }) => `${words[status]} ${stops.map(({ stop }) => stop.label).join(', ')}`,
    )
    .join('; ')
  const base = { check: 'client-order', subject, seen: list, concerns }
  const [first] = hits
  if (failed.length > 0)
    return [
      finding({
        ...base,
        verdict: 'fail',
        means:
          'A client waits for the record that does not come, then gives up or goes on, as it likes.',
        advice: 'Check the name servers of the domain, or try another one with --dns.',
      }),
    ]
  if (!first)
    return [
      finding({
        ...base,
        verdict: without,
        means: 'No SIP client finds this domain by SRV records. Federation does not need them.',
        ...(without === 'skip' ? {} : { advice: adviseRecord(domain) }),
      }),
    ]
  const isPlain = first.stop.transport !== 'tls'
  const laterTls = isPlain ? hits.find(({ stop }) => stop.transport === 'tls') : undefined
  if (laterTls)
    return [
      finding({
        ...base,
        verdict: 'warn',
        means: `Clients stop at ${first.stop.label} and never ask for ${laterTls.stop.label}: they sign in without encryption.`,
        advice: `Delete ${first.stop.label}, where clients can speak TLS.`,
      }),
    ]
  return [finding({ ...base, verdict: 'pass', seen: `${list}; clients use ${first.stop.label}` })]
}

const adviseRecord = (domain: string): string =>
  `Publish _sip._tls.${domain}. SRV 0 0 5061 sip.${domain}. outside, _sipinternaltls._tcp.${domain}. inside.`

const words = { found: 'there:', none: 'not there:', failed: 'no answer for' } as const

/** Records for inside that the Internet can see. */
function judgeInternal(
  found: Found,
  { domain, concerns }: Walk,
  from: Standpoint,
): readonly Finding[] {
  if (from !== 'internet') return []
  return found
    .filter(({ stop, answer }) => stop.isInternal && answer.status === 'found')
    .map(({ stop }) =>
      finding({
        verdict: 'warn',
        check: 'internal-record-outside',
        subject: recordName({ label: stop.label, domain }),
        seen: 'can be resolved from the Internet',
        concerns,
        means: 'Clients outside take it as well, stop there and try to reach the inner server.',
        advice:
          'Keep it in DNS inside only. If this machine asks DNS inside, run the preflight with --from lan.',
      }),
    )
}
