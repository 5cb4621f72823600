/** The words of `lyncgate explain` for pool, server and what is sent there. */
import type { Decision } from '../pipeline/decide.ts'
import { chooseServer } from '../pools/choose-server.ts'
import type { Pool } from '../pools/pool.ts'
import { isDraining } from '../pools/server.ts'
import type { Built } from '../runtime/build-snapshot.ts'
import type { ExplainedStep } from './explanation.ts'

interface ServerQuestion {
  /** The target as it came. */
  readonly asked: string
  readonly client: string
  readonly isTls: boolean
  readonly built: Built
}

interface DescribedServer {
  /** Address and port; null: it depends on what the others have to do. */
  readonly server: string | null
  /** False: every server is draining, and this client would not get one. */
  readonly isServed: boolean
  readonly steps: readonly ExplainedStep[]
}

/** Where the request goes and how it looks there. */
export function describeServer(
  { route, target }: Decision & { readonly kind: 'forward' },
  { asked, client, isTls, built }: ServerQuestion,
): DescribedServer {
  const { pool } = route
  const place = (server: Pool['servers'][number]): string =>
    `${server.address}:${isTls ? server.httpsPort : server.httpPort}`
  const hints = { affinityKey: undefined, clientAddress: client, nowMs: 0 }
  const server = chooseServer(pool, hints)?.server
  const steps: ExplainedStep[] = []
  const say = (step: string, says: string): void => void steps.push({ step, says })
  const open = pool.servers.filter((each) => !isDraining(each))
  const places = pool.servers.map(
    (each) => `${place(each)}${isDraining(each) ? ' (draining)' : ''}`,
  )
  say('pool', `${pool.name}: ${places.join(', ')} (affinity ${pool.affinity})`)
  if (!server) {
    say('server', 'none: every server is draining, and only clients with its cookie are served')
    return { server: null, isServed: false, steps }
  }
  const isSure = pool.affinity === 'source' || open.length === 1
  if (isSure) say('server', `${place(server)} (${reasonOf(pool, client)})`)
  else say('server', SOME)
  if (isTls && (isSure || open.every(({ tls }) => tls.serverName === server.tls.serverName))) {
    const { serverName, insecureSkipVerify } = server.tls
    say('server name', `${serverName}${insecureSkipVerify ? ' (NOT verified)' : ', verified'}`)
  }
  say('target', `${target}${target === asked ? '' : ' ("guestJoin" adds sl=1)'}`)
  if (route.hideServerFields)
    say('answer', 'without Server, X-Powered-By and X-MS-Server-Fqdn ("hideServerFields")')
  const { timeouts } = built.rules
  say(
    'time-outs',
    `connect ${seconds(timeouts.connectMs)}, silent server ${seconds(timeouts.responseMs)}, silent upload ${seconds(timeouts.requestBodyMs)}`,
  )
  return { server: isSure ? place(server) : null, isServed: true, steps }
}

const SOME = 'the least busy one; a sign-in or the affinity cookie keeps the client there'

const seconds = (ms: number): string => `${ms / 1000} s`

const reasonOf = ({ affinity }: Pool, client: string): string =>
  affinity === 'source' ? `by the address ${client}` : 'the only one'
