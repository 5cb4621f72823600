/** The admin address of a proxy in the test's own process, and questions to it. */
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { adminPort } from '../../src/admin/admin-port.ts'
import { tokenPath } from '../../src/admin/token-file.ts'
import { connectRaw, type RawClientTarget, type RawResponse } from '../../src/lab/raw-client.ts'
import type { Logger } from '../../src/observe/logger.ts'
import type { OwnPortKind } from '../../src/runtime/own-ports.ts'
import type { Reloader } from '../../src/runtime/reload.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'

interface Reloads {
  readonly file: string
  readonly reloader: () => Reloader | undefined
}

const nobodyReloads: Reloads = { file: '/etc/lyncgate/lyncgate.yaml', reloader: () => undefined }

/** Opened when the rules have an admin section; a token is made in the test's own directory. */
export const testAdminPort = (
  t: Test,
  runtime: Runtime,
  logger: Logger,
  { file, reloader }: Reloads = nobodyReloads,
): OwnPortKind =>
  adminPort({
    runtime,
    logger,
    file,
    version: '1.2.3',
    startedAt: new Date(0),
    now: () => new Date(),
    reload: async () => reloader()?.reload('command') ?? { kind: 'stopping', revision: 1 },
    lastReload: () => reloader()?.last,
    metrics: async (accept) => ({
      contentType: 'text/plain; version=0.0.4',
      text: `# ${accept}\n`,
    }),
    look: (wish) => runtime.traffic.look(wish),
    tokenDirectories: [t.testdirName],
  })

/** The token that was made at the start. */
export const madeToken = (t: Test, port: number): string =>
  readFileSync(tokenPath(t.testdirName, port), 'utf8').trim()

export const bearer = (token: string): string => `Authorization: Bearer ${token}`

export interface AdminAnswer extends RawResponse {
  readonly json: Record<string, unknown> & { readonly error?: { readonly code: string } }
}

/** One request on a connection of its own. Field lines as they are; a Host of 127.0.0.1 unless there is one. */
export async function askAdmin(
  port: number,
  line: string,
  fields: readonly string[] = [],
  more: { readonly body?: string; readonly tls?: RawClientTarget['tls'] } = {},
): Promise<AdminAnswer> {
  const client = await connectRaw({ port, ...(more.tls && { tls: more.tls }) })
  const own = fields.some((field) => /^host:/i.test(field)) ? [] : [`Host: 127.0.0.1:${port}`]
  const answer = await client.request(line, [...own, ...fields], more.body)
  client.close()
  const text = answer.body.toString()
  const json = text.startsWith('{') ? (JSON.parse(text) as AdminAnswer['json']) : {}
  return { ...answer, json }
}
