/** What `lyncgate init` says beside the rules file: advice, DNS, certificate, firewall, as people read it. */
import type { Plan } from '../topology/plan.ts'
import {
  type DnsView,
  listDnsRecords,
  listOpenings,
  orderCertificate,
} from '../topology/plan-records.ts'
import { alignTable, type CommandIo, paint } from './output.ts'

/** For `--json`: stable names, nothing that is only said in words. */
export function describePlan(plan: Plan) {
  return {
    sipDomains: plan.sipDomains,
    home: plan.home,
    pools: plan.pools.map(({ name, product, servers, http, https, serverName }) => ({
      name,
      product,
      servers,
      http,
      https,
      ...(serverName === undefined ? {} : { serverName }),
    })),
    publishing: plan.rules.map(({ name, publish, names, pool }) => ({
      name,
      publish,
      hosts: names,
      pool,
    })),
    dns: listDnsRecords(plan),
    certificate: orderCertificate(plan),
    firewall: listOpenings(plan),
    advice: plan.advice,
  }
}

const viewTitles: Readonly<Record<DnsView, string>> = {
  public: 'DNS on the Internet',
  internal: 'DNS on the company network',
  proxy: 'Names that lyncgate itself must find',
}

/** The lists, a heading above each. */
export function formatPlan(plan: Plan, io: CommandIo): string {
  const heading = (text: string): string => `\n${paint(io, 'bold', text)}\n`
  const table = (rows: readonly (readonly string[])[]): string =>
    alignTable(rows.map(([first = '', ...rest]) => [`  ${first}`, ...rest]))
  const records = listDnsRecords(plan)
  const dns = (['public', 'internal', 'proxy'] as const).map((view) => {
    const rows = records.filter((each) => each.view === view)
    const cells = rows.map(({ name, type, target, note }) => [name, type, target, note])
    return heading(viewTitles[view]) + table(cells)
  })
  const order = orderCertificate(plan)
  const names = order.names.map((name) => [
    name,
    name === order.subject ? 'subject, and among the names' : '',
  ])
  const wildcards = order.wildcards.map(({ name, replaces }) => [
    `${name} would stand for ${replaces.length} of them`,
  ])
  const openings = listOpenings(plan).map(({ firewall, from, to, protocol, ports, purpose }) => [
    firewall,
    from,
    to,
    `${protocol} ${ports.join(', ')}`,
    purpose,
  ])
  return [
    ...dns,
    heading('Certificate to order'),
    table(names),
    table([...wildcards, ...order.notes.map((note) => [note])]),
    heading('Firewall'),
    table([['firewall', 'from', 'to', 'ports', 'purpose'], ...openings]),
    plan.advice.length > 0 ? heading('To look at') + formatAdvice(plan, io) : '',
  ].join('')
}

function formatAdvice({ advice }: Plan, io: CommandIo): string {
  const rows = advice.flatMap(({ code, message, hint }) => [
    [`  ${paint(io, 'yellow', code)}`, message],
    ['  ', paint(io, 'dim', `hint: ${hint}`)],
  ])
  return alignTable(rows)
}
