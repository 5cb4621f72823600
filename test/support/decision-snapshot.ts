/** A snapshot to decide with: of rules given as text, with pools that have no servers. */
import { parseRules } from '../../src/config/load.ts'
import type { Snapshot } from '../../src/pipeline/snapshot.ts'
import type { Pool } from '../../src/pools/pool.ts'
import { guardView } from '../../src/runtime/build-guard.ts'
import { buildRoutes } from '../../src/runtime/build-routes.ts'

/** @param text YAML from `pools` on; the one listener is called `internet` */
export function decisionSnapshot(text: string): Snapshot {
  const listener = 'listeners: [{ name: internet, http: 80, https: 443 }]'
  const certificates = 'certificates: [{ cert: a, key: b }]'
  const parsed = parseRules(`version: 1\n${listener}\n${certificates}\n${text}`, 'rules.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  const { rules } = parsed.value
  const pools = new Map(rules.pools.map(({ name }) => [name, emptyPool(name)] as const))
  return {
    revision: 1,
    ...buildRoutes(rules, pools),
    timeouts: rules.timeouts,
    limits: rules.limits,
    guard: guardView(rules.signInGuard),
    isTrustedProxy: () => false,
  }
}

const emptyPool = (name: string): Pool => ({
  name,
  servers: [],
  affinity: 'none',
  rewriteLocation: false,
  lastResort: false,
  byAffinityKey: new Map(),
})
