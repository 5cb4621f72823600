/** A listener whose every request meets a bug: its name is in no routing table. */

import { join } from 'node:path'
import type { Test } from 'tap'
import { ChallengeStore } from '../../src/acme/challenge-store.ts'
import { loadRules } from '../../src/config/load.ts'
import { ConnectionLimits } from '../../src/guard/connection-limits.ts'
import { Crowd } from '../../src/guard/crowd.ts'
import { SignInDesk } from '../../src/guard/sign-in-desk.ts'
import { createSignInGuard } from '../../src/guard/sign-in-guard.ts'
import { createHttpListener } from '../../src/listeners/http-listener.ts'
import { openPort } from '../../src/listeners/open-port.ts'
import { createAccessLog } from '../../src/observe/access-log.ts'
import { createLogger } from '../../src/observe/logger.ts'
import { TrafficMetrics } from '../../src/observe/metrics/traffic-metrics.ts'
import { ListenerHandler } from '../../src/pipeline/listener-handler.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { buildSnapshot } from '../../src/runtime/build-snapshot.ts'
import type { LogLine } from './collected-log.ts'

const RULES = `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: 80 }]
pools: { pool01: { product: other, servers: [127.0.0.1] } }
rules: [{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }]
`

/** Opens it. `lines` grows with what is logged. */
export async function startFaultyListener(
  t: Test,
): Promise<{ httpPort: number; lines: LogLine[] }> {
  const loaded = await loadRules(join(t.testdir({ 'rules.yaml': RULES }), 'rules.yaml'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const built = await buildSnapshot(loaded.value, scope)
  if (!built.ok) throw new Error(JSON.stringify(built.error))
  const { rules, snapshot } = built.value
  const lines: LogLine[] = []
  const { logger } = createLogger({
    level: 'info',
    destination: { write: (text) => void lines.push(JSON.parse(text) as LogLine) },
  })
  const metrics = new TrafficMetrics()
  const limits = new ConnectionLimits(rules.limits)
  const handler = new ListenerHandler({
    listener: 'in no table',
    port: 80,
    isTls: false,
    httpsPort: undefined,
    crowd: new Crowd(limits, () => 0),
    share: limits.shareOf('in no table'),
    scope: () => ({
      snapshot,
      accessLog: createAccessLog(logger, 'json', {
        wallNow: () => 0,
        computerName: 'test',
        version: '0',
      }),
      logger,
      metrics,
      guard: createSignInGuard(
        new SignInDesk({ now: () => 0, onEvent: () => {}, after: () => () => {} }),
        metrics.signIns,
      ),
      challenges: new ChallengeStore(),
      onEjection: () => {},
    }),
  })
  const server = { ...rules.timeouts, headBytes: rules.limits.headBytes }
  const listener = await createHttpListener(
    { server, tls: undefined, needsProxyHeader: false },
    handler,
  )
  const port = await openPort({ address: '127.0.0.1', port: 0, isShared: false }, () => {})
  port.begin((socket) => listener.take(socket))
  t.teardown(() => {
    port.close()
    for (const { socket } of handler.connections) socket.destroy()
  })
  return { httpPort: port.port, lines }
}
