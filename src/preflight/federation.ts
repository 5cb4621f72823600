/** `preflight federation`: whether a SIP domain can be reached by partners, as their servers would do it. */
import { lyncOrder, walkClientRecords } from './client-walk.ts'
import { type Finding, finding, type System } from './finding.ts'
import { answersEverything, findMisspelt, type MisspeltRecord } from './misspelt-records.ts'
import type { Family } from './run-preflight.ts'
import { recordName, type Service } from './service.ts'
import { writeSrv } from './service-record.ts'
import type { Surroundings } from './surroundings.ts'
import { published, testService } from './test-service.ts'

/** Whoever connects to the domain, or is published there. */
const partners: readonly System[] = ['Lync', 'Skype for Business', 'XPhone Connect', 'Teams', 'LCS']

const clients: readonly System[] = ['Lync', 'Skype for Business', 'Communicator']

const label = '_sipfederationtls._tcp'

/** @param domain a SIP domain, lower case without the dot at the end */
export function federationFamily(domain: string): Family {
  return {
    title: `federation of ${domain}`,
    steps: [
      { name: 'federation record and servers', run: (world) => testFederation(world, domain) },
      {
        name: 'records for clients',
        run: (world) =>
          walkClientRecords(world, {
            domain,
            order: lyncOrder,
            concerns: clients,
            without: 'skip',
          }),
      },
    ],
  }
}

async function testFederation(
  surroundings: Surroundings,
  domain: string,
): Promise<readonly Finding[]> {
  const { dns, from } = surroundings
  const service: Service = {
    domain,
    label,
    transport: 'tls',
    ports: [5061],
    concerns: partners,
    isMutual: true,
    wildcard: 'fail',
    foreignTarget: 'fail',
    specialAddress: from === 'internet' ? 'fail' : 'pass',
  }
  const [answer, misspelt, isWild] = await Promise.all([
    dns.srv(recordName(service)),
    findMisspelt(dns, domain, [label, '_sip._tls', '_sipinternaltls._tcp']),
    answersEverything(dns, domain),
  ])
  if (answer.status === 'failed') return [noAnswer(service, answer.reason)]
  const wrong = isWild ? [wildZone(domain)] : misspelt.map((each) => misspeltFinding(each, domain))
  if (answer.status === 'found') {
    const there = finding({
      verdict: 'pass',
      check: 'srv-record',
      subject: recordName(service),
      seen: answer.records.map(writeSrv).join('; '),
      concerns: partners,
    })
    const tested = await testService(surroundings, published(service, answer.records))
    return [there, ...tested, ...wrong]
  }
  // What was published under a wrong name is tested as if the name were right: it shows the other mistakes at once.
  const meant = isWild ? undefined : misspelt.find((each) => each.meant === label)
  const tested = meant ? await testService(surroundings, published(service, meant.records)) : []
  return [noRecord(service, meant), ...wrong, ...tested]
}

function noAnswer(service: Service, reason: string): Finding {
  return finding({
    verdict: 'fail',
    check: 'srv-record',
    subject: recordName(service),
    seen: `DNS did not answer (${reason})`,
    concerns: partners,
    means: 'Partners that ask the same servers do not find this domain.',
    advice: 'Check the name servers of the domain, or try another one with --dns.',
  })
}

function noRecord(service: Service, meant: MisspeltRecord | undefined): Finding {
  return finding({
    verdict: 'fail',
    check: 'srv-record',
    subject: recordName(service),
    seen: meant ? `is not there, but ${meant.name} is` : 'is not there',
    concerns: partners,
    means:
      'Open federation does not find this domain, and push notifications of mobile clients need the record too. Partners who enter the server by hand are not affected.',
    advice: `Publish ${recordName(service)}. SRV 0 0 5061 ${meant?.records[0]?.target ?? `sip.${service.domain}`}.`,
  })
}

function misspeltFinding({ name, meant, records }: MisspeltRecord, domain: string): Finding {
  return finding({
    verdict: meant === label ? 'fail' : 'warn',
    check: 'srv-misspelt',
    subject: name,
    seen: records.map(writeSrv).join('; '),
    concerns: meant === label ? partners : clients,
    means:
      name === `_sips._tcp.${domain}`
        ? 'General SIP clients ask for this name (RFC 3263), but none of these systems does.'
        : `Nobody asks for this name; ${meant}.${domain} is meant.`,
    advice: `Rename the record to ${meant}.${domain}.`,
  })
}

const wildZone = (domain: string): Finding =>
  finding({
    verdict: 'warn',
    check: 'srv-misspelt',
    subject: domain,
    seen: 'has SRV records for every name (a wildcard)',
    concerns: partners,
    means: 'Clients find records that nobody made, and misspelt ones cannot be told from them.',
    advice: 'Write the records one by one.',
  })
