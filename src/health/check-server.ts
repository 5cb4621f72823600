/** Asks a server what its check says. */
import type { Server } from '../pools/server.ts'
import type { ServerCheck } from '../pools/server-check.ts'
import type { CheckResult } from './check-result.ts'
import { checkTcp } from './tcp-check.ts'
import { checkWeb } from './web-check.ts'

/** `done` is called once, never synchronously. @returns a way to give it up, without a call */
export type AskServer = (
  server: Server,
  check: ServerCheck,
  done: (result: CheckResult) => void,
) => () => void

export const askServer: AskServer = (server, { target, timing }, done) => {
  const { address, httpsPort, tls } = server
  return target.kind === 'tcp'
    ? checkTcp({ address, port: target.port }, timing.timeoutMs, done)
    : checkWeb({ ...target, address, port: httpsPort, tls }, timing.timeoutMs, done)
}
