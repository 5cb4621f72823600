/** What else has to be ordered and opened: DNS records, certificate names, firewall openings. */
import { isInsideOnly } from './judge-names.ts'
import type { Plan } from './plan.ts'

/** Who asks: the Internet, the company network, or lyncgate itself. */
export type DnsView = 'public' | 'internal' | 'proxy'

export interface DnsRecord {
  readonly view: DnsView
  readonly name: string
  readonly type: 'A' | 'CNAME' | 'none'
  /** Addresses are not in the topology: words in angle brackets stand for them. */
  readonly target: string
  readonly note: string
}

export interface CertificateOrder {
  /** The subject, which is repeated among the names. */
  readonly subject: string
  readonly names: readonly string[]
  /** Names of a domain that one wildcard would stand for. */
  readonly wildcards: readonly { readonly name: string; readonly replaces: readonly string[] }[]
  readonly notes: readonly string[]
}

export interface Opening {
  readonly firewall: 'outer' | 'inner'
  readonly from: string
  readonly to: string
  readonly protocol: 'TCP' | 'UDP and TCP'
  readonly ports: readonly number[]
  readonly purpose: string
}

const outside = '<public address of lyncgate>'
const inside = '<inner address of lyncgate>'

const namesOf = (plan: Plan): readonly string[] => plan.rules.flatMap(({ names }) => names)

/** Mobile clients are sent to the external names from inside too: hairpin, or split DNS to an inner listener. */
export function listDnsRecords(plan: Plan): readonly DnsRecord[] {
  const autodiscover = new Set(
    plan.rules.filter(({ publish }) => publish === 'autodiscover').flatMap(({ names }) => names),
  )
  const [firstDiscover] = autodiscover
  const forPublic = namesOf(plan).map((name): DnsRecord => {
    const isNext = autodiscover.has(name) && name !== firstDiscover
    const note = isNext
      ? `or CNAME to ${firstDiscover}, which then is asked over plain HTTP only`
      : ''
    return { view: 'public', name, type: 'A', target: outside, note }
  })
  const own = new Set(plan.pools.flatMap(({ servers, fqdn }) => [...servers, fqdn]))
  const fqdns = new Map(plan.pools.map(({ name, fqdn }) => [name, fqdn]))
  const forInternal = plan.rules.flatMap((rule) =>
    rule.names.map((name): DnsRecord => {
      const view = 'internal'
      if (own.has(name)) {
        const note = 'as it is: a server or pool inside has this name'
        return { view, name, type: 'A', target: `<address of ${name}>`, note }
      }
      if (rule.publish === 'meet' || rule.publish === 'dialin') {
        const target = `<address of ${fqdns.get(rule.pool) ?? plan.homeFqdn}>`
        return {
          view,
          name,
          type: 'A',
          target,
          note: 'the internal web site; lyncgate would do too',
        }
      }
      const note =
        rule.publish === 'web-services' ? 'mobile clients inside come through lyncgate' : ''
      return { view, name, type: 'A', target: inside, note }
    }),
  )
  const forDiscovery = plan.sipDomains.map((domain): DnsRecord => {
    const note = 'inside only, never in public DNS'
    return {
      view: 'internal',
      name: `lyncdiscoverinternal.${domain}`,
      type: 'CNAME',
      target: plan.homeFqdn,
      note,
    }
  })
  const forAdmins = plan.adminHosts.map((name): DnsRecord => {
    const target = `<address of ${plan.homeFqdn}>`
    return { view: 'internal', name, type: 'A', target, note: 'Control Panel: inside only' }
  })
  const servers = new Set(plan.pools.flatMap((pool) => pool.servers))
  const forProxy = [...servers].map((name): DnsRecord => {
    const target = `<address of ${name}>`
    return {
      view: 'proxy',
      name,
      type: 'A',
      target,
      note: 'DNS or the hosts file; never the address of lyncgate',
    }
  })
  return [...forPublic, ...forInternal, ...forDiscovery, ...forAdmins, ...forProxy]
}

/** The public certificate; the subject is the external web services FQDN, as Microsoft has it. */
export function orderCertificate(plan: Plan): CertificateOrder {
  const all = [...new Set(namesOf(plan))]
  const web = plan.rules.find(({ publish }) => publish === 'web-services')?.names[0]
  const subject = web ?? all[0] ?? ''
  const names = [subject, ...all.filter((name) => name !== subject)]
  const notes = [
    'From a public authority, server authentication, RSA of 2048 bits or more; each name among the subject alternative names.',
  ]
  const unknown = names.filter(isInsideOnly)
  if (unknown.length > 0) {
    notes.push(`No public authority certifies ${unknown.join(', ')}.`)
  }
  if (names.length > 100)
    notes.push('Authorities limit the names of one certificate: order several.')
  notes.push(
    'A wildcard stands for one label: *.contoso.com is meet.contoso.com, not a.meet.contoso.com.',
  )
  return { subject, names, wildcards: findWildcards(names), notes }
}

function findWildcards(names: readonly string[]): CertificateOrder['wildcards'] {
  const byParent = new Map<string, string[]>()
  for (const name of names.filter((each) => !isInsideOnly(each))) {
    const parent = name.slice(name.indexOf('.') + 1)
    // No authority certifies *.com.
    if (parent.includes('.')) byParent.set(parent, [...(byParent.get(parent) ?? []), name])
  }
  return [...byParent]
    .filter(([, replaces]) => replaces.length > 1)
    .map(([parent, replaces]) => ({ name: `*.${parent}`, replaces }))
}

/** Everything that must be let through, and nothing else. */
export function listOpenings(plan: Plan): readonly Opening[] {
  const ports = plan.listeners
    .flatMap(({ http, https }) => [https, http])
    .filter((port) => port !== undefined)
  const entry = [...new Set(ports)]
  const toServers = plan.pools.flatMap((pool) =>
    pool.servers.map(
      (server): Opening => ({
        firewall: 'inner',
        from: 'lyncgate',
        to: server,
        protocol: 'TCP',
        ports: [pool.https, pool.http],
        purpose:
          pool.product === 'office-web-apps'
            ? 'Office Web Apps'
            : 'external web site, health checks',
      }),
    ),
  )
  return [
    {
      firewall: 'outer',
      from: 'Internet',
      to: 'lyncgate',
      protocol: 'TCP',
      ports: entry,
      purpose: 'clients',
    },
    ...toServers,
    {
      firewall: 'inner',
      from: 'company network',
      to: 'lyncgate',
      protocol: 'TCP',
      ports: entry,
      purpose: 'mobile clients inside (hairpin)',
    },
    {
      firewall: 'inner',
      from: 'lyncgate',
      to: 'DNS servers',
      protocol: 'UDP and TCP',
      ports: [53],
      purpose: 'names of the servers, unless a hosts file has them',
    },
    {
      firewall: 'inner',
      from: 'monitoring, load balancer',
      to: 'lyncgate',
      protocol: 'TCP',
      ports: [8081],
      purpose: '/healthz and /readyz',
    },
  ]
}
