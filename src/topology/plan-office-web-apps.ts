/** Office Web Apps Servers: PowerPoint in meetings needs them from outside too. */
import { parseServerAddress } from '../config/host-name.ts'
import { type Advice, advise } from './advice.ts'
import type { Deployment } from './deployment.ts'
import type { Facts } from './facts.ts'
import { isInsideOnly, readHost } from './judge-names.ts'
import type { PlannedPool } from './plan.ts'
import type { RuleBook } from './rule-book.ts'

const urlHint =
  'run (Get-OfficeWebAppsFarm).ExternalUrl on the server, and write that name under "hosts"'

/** Adds a rule for each, and returns their pools. */
export function planOfficeWebApps(
  facts: Facts,
  deployment: Deployment,
  book: RuleBook,
  advice: Advice[],
): readonly PlannedPool[] {
  const pools: PlannedPool[] = []
  for (const { discoveryUrl, servers, isExternal } of facts.officeWebApps) {
    const written = /^\s*https?:\/\/([^/?#:\s]+)/i.exec(discoveryUrl)?.[1] ?? discoveryUrl
    const host = readHost(written, 'the Office Web Apps Server', advice)
    if (host === undefined || book.ownerOf(host)) continue
    if (isExternal) {
      const message = `${host} stands outside already (IsExternal) and is not published`
      advice.push(advise('office-web-apps', message, 'clients must reach it themselves'))
      continue
    }
    if (isInsideOnly(host)) {
      const message = `${host} is the discovery URL inside; the name outside is not in the topology, so nothing is published`
      advice.push(advise('office-web-apps', message, urlHint))
      continue
    }
    const message = `${host} is the discovery URL; the farm may have another name outside`
    advice.push(advise('office-web-apps', message, urlHint))
    const name = nameOf([...deployment.pools, ...pools].map((pool) => pool.name))
    const usable = servers.flatMap((server) => {
      const address = parseServerAddress(server.trim())
      return address.ok ? [address.value] : []
    })
    const addresses = [...new Set(usable.length > 0 ? usable : [host])]
    const serverName = addresses.length === 1 && addresses[0] === host ? undefined : host
    const comments = ['Office Web Apps Server (Office Online Server): one web site, on 443.']
    pools.push({
      name,
      fqdn: host,
      product: 'office-web-apps',
      servers: addresses,
      http: 80,
      https: 443,
      serverName,
      comments,
    })
    const rule = { name: ruleName(pools.length), publish: 'office-web-apps', pool: name } as const
    book.add(
      rule,
      [host],
      ['The external URL of the farm: compare (Get-OfficeWebAppsFarm).ExternalUrl.'],
    )
  }
  return pools
}

const ruleName = (count: number): string =>
  count === 1 ? 'Office Web Apps' : `Office Web Apps ${count}`

function nameOf(taken: readonly string[]): string {
  if (!taken.includes('wac')) return 'wac'
  for (let count = 2; ; count += 1) if (!taken.includes(`wac-${count}`)) return `wac-${count}`
}
