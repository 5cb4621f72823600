/** Which server an administrator means. */
import { failed, ok, type Result } from '../base/result.ts'
import type { Pool } from '../pools/pool.ts'
import { type Server, serverName } from '../pools/server.ts'
import type { ApiError } from './api-error.ts'

/**
 * @param name its address, or address and HTTPS port as logs have it: `fe01.contoso.local:4443`
 * @returns servers with one place: they drain together
 */
export function findServer(
  pools: ReadonlyMap<string, Pool>,
  poolName: string,
  name: string,
): Result<{ readonly pool: Pool; readonly server: Server }, ApiError> {
  const pool = pools.get(poolName)
  if (!pool) {
    return failed({
      code: 'unknown-pool',
      message: `there is no pool "${poolName}"`,
      hint: `pools: ${[...pools.keys()].join(', ')}`,
    })
  }
  const asked = name.toLowerCase().replace(/^\[(.*)\](?=:\d+$|$)/, '$1')
  const exact = pool.servers.filter((server) => serverName(server) === asked)
  const found = exact.length > 0 ? exact : pool.servers.filter(({ address }) => address === asked)
  const [server] = found
  if (!server) {
    return failed({
      code: 'unknown-server',
      message: `the pool "${poolName}" has no server "${name}"`,
      hint: `servers: ${pool.servers.map(serverName).join(', ')}`,
    })
  }
  if (found.some(({ facts }) => facts.place !== server.facts.place)) {
    return failed({
      code: 'ambiguous-server',
      message: `the pool "${poolName}" has more than one server "${name}"`,
      hint: `say which: ${found.map(serverName).join(', ')}`,
    })
  }
  return ok({ pool, server })
}
