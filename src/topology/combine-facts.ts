/** Several sources tell one deployment: what an earlier one says stands, later ones fill in. */
import { type Facts, noFacts, type PoolFacts, type SimpleUrl, sameName } from './facts.ts'

export function combineFacts(all: readonly Facts[]): Facts {
  return all.reduce(combineTwo, noFacts)
}

/** Also brings together what one source says about a pool in several places. */
function combineTwo(earlier: Facts, later: Facts): Facts {
  const pools = new Map<string, PoolFacts>()
  for (const pool of [...earlier.pools, ...later.pools]) {
    const key = sameName(pool.fqdn)
    const known = pools.get(key)
    pools.set(key, known ? combinePools(known, pool) : pool)
  }
  const firstBy = <T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] => {
    const byKey = new Map<string, T>()
    for (const item of items) if (!byKey.has(keyOf(item))) byKey.set(keyOf(item), item)
    return [...byKey.values()]
  }
  return {
    sipDomains: firstBy([...earlier.sipDomains, ...later.sipDomains], sameName),
    pools: [...pools.values()],
    simpleUrls: firstBy([...earlier.simpleUrls, ...later.simpleUrls], keyOfUrl),
    officeWebApps: firstBy([...earlier.officeWebApps, ...later.officeWebApps], ({ discoveryUrl }) =>
      sameName(discoveryUrl),
    ),
    gaps: firstBy([...earlier.gaps, ...later.gaps], ({ message }) => message),
  }
}

const keyOfUrl = ({ component, domain, url, site }: SimpleUrl): string =>
  [component, sameName(domain), sameName(url).replace(/\/$/, ''), sameName(site ?? '')].join(' ')

function combinePools(known: PoolFacts, more: PoolFacts): PoolFacts {
  const names = new Set(known.servers.map(sameName))
  const servers = [...known.servers, ...more.servers.filter((name) => !names.has(sameName(name)))]
  return {
    fqdn: known.fqdn,
    site: known.site ?? more.site,
    version: known.version ?? more.version,
    servers,
    isDirector: known.isDirector ?? more.isDirector,
    web: known.web ?? more.web,
  }
}
