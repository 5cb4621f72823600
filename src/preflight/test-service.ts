/** From the SRV records of one service to the servers behind them. */
import { type Lookup, mostRecords, type SrvRecord } from './dns.ts'
import { type Finding, finding, type Judgement } from './finding.ts'
import { isSpecialAddress } from './reachable-address.ts'
import { type PublishedService, recordName, type Service } from './service.ts'
import { judgeRecord } from './service-record.ts'
import { relateName } from './sip-name.ts'
import type { Endpoint, Surroundings } from './surroundings.ts'
import { testListener } from './test-listener.ts'

/** So many addresses of one name are connected to. */
const mostAddresses = 4

/** Judges every record, then its name in DNS, then each server behind it. */
export async function testService(
  surroundings: Surroundings,
  service: PublishedService,
): Promise<readonly Finding[]> {
  const seen = new Set<string>()
  const findings: Finding[] = [...judgeChoice(service)]
  for (const record of service.records) {
    const verdict = judgeRecord(service, record)
    findings.push(...verdict.findings)
    const { target } = record
    const way = `${target}:${verdict.port}`
    if (verdict.port === undefined || relateName(target, service.domain) === 'address') continue
    if (seen.has(way)) continue
    seen.add(way)
    findings.push(...(await testTarget(surroundings, service, { target, port: verdict.port })))
  }
  return findings
}

/** Which one of several records is used, and how many were not looked at. */
function judgeChoice(service: PublishedService): readonly Finding[] {
  const { records, concerns } = service
  const [first, second] = records
  if (!first || !second) return []
  const isEven = first.priority === second.priority && first.weight === second.weight
  return [
    finding({
      verdict: isEven ? 'warn' : 'pass',
      check: 'srv-choice',
      subject: recordName(service),
      seen: `${records.length === mostRecords ? `${mostRecords} or more` : records.length} records; the first one used is ${first.target}`,
      concerns,
      ...(isEven
        ? {
            means: `${first.target} and ${second.target} have the same priority and weight: which one is used is chance.`,
            advice: 'Give the one that shall be used the lowest priority.',
          }
        : {}),
    }),
  ]
}

async function testTarget(
  surroundings: Surroundings,
  service: Service,
  { target, port }: { target: string; port: number },
): Promise<readonly Finding[]> {
  const { dns } = surroundings
  const say = (judgement: Judgement): Finding =>
    finding({ concerns: service.concerns, ...judgement, subject: target })
  const [alias, addresses] = await Promise.all([dns.alias(target), dns.addresses(target)])
  const findings: Finding[] = []
  if (alias.status === 'found')
    findings.push(say(judgeAlias(alias.records[0] ?? '', service, target)))
  if (addresses.status !== 'found') return [...findings, say(noAddress(addresses))]
  findings.push(say(judgeAddresses(addresses.records, service)))
  const endpoints = addresses.records
    .slice(0, mostAddresses)
    .map((address): Endpoint => ({ address, port }))
  const tested = await Promise.all(
    endpoints.map((endpoint) => testListener(surroundings, { service, target, endpoint })),
  )
  return [...findings, ...tested.flat()]
}

function judgeAlias(canonical: string, { domain }: Service, target: string): Judgement {
  const check = 'target-alias'
  const seen = `is an alias (CNAME) of ${canonical}`
  if (relateName(target, domain) === 'hosted') return { verdict: 'pass', check, seen }
  return {
    verdict: 'fail',
    check,
    seen,
    means:
      'The target of an SRV record must not be an alias (RFC 2782); some systems do not follow it.',
    advice: `Give ${target} an A record of its own.`,
  }
}

function noAddress(addresses: Lookup<string>): Judgement {
  const check = 'target-address'
  if (addresses.status === 'failed')
    return {
      verdict: 'fail',
      check,
      seen: `DNS did not answer (${addresses.reason})`,
      means: 'Whoever asks the same servers cannot connect.',
      advice: 'Check the name servers of the domain, or try another one with --dns.',
    }
  return {
    verdict: 'fail',
    check,
    seen: 'has no address',
    means: 'The record leads nowhere.',
    advice: 'Add an A record for the name, or correct the name in the SRV record.',
  }
}

function judgeAddresses(addresses: readonly string[], service: Service): Judgement {
  const check = 'target-address'
  const seen = addresses.join(', ')
  const special = addresses.filter(isSpecialAddress)
  if (special.length > 0 && service.specialAddress !== 'pass')
    return {
      verdict: service.specialAddress,
      check,
      seen: `${seen}: ${special.join(', ')} cannot be reached from the Internet`,
      means: 'Nobody outside gets a connection.',
      advice:
        'Publish the outer address that the firewall forwards. Inside, run the preflight with --from lan.',
    }
  if (addresses.every((address) => address.includes(':')))
    return {
      verdict: 'warn',
      check,
      seen: `${seen}: IPv6 only`,
      means: 'Many SIP servers speak IPv4 only.',
      advice: 'Add an A record.',
    }
  return { verdict: 'pass', check, seen }
}

/** A service as published: what DNS says about it, ready to be tested. */
export const published = (service: Service, records: readonly SrvRecord[]): PublishedService => ({
  ...service,
  records,
})
