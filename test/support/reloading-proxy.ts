/** The proxy in the test's own process, from a rules file that the test changes while it runs. */
import { chmod, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Authority, createAuthority } from '../../src/lab/authority.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import type { FileWatchTimes } from '../../src/runtime/file-watch.ts'
import { loadConfiguration } from '../../src/runtime/load-configuration.ts'
import { Reloader, type ReloadOutcome } from '../../src/runtime/reload.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { testAdminPort } from './ask-admin.ts'
import { collectLog, type LogLine } from './collected-log.ts'

export interface ReloadingProxy {
  readonly directory: string
  /** The rules file. */
  readonly file: string
  readonly authority: Authority
  readonly runtime: Runtime
  readonly reloader: Reloader
  readonly lines: readonly LogLine[]
  /** Resolves with the first line that fits, also one that was written before the call. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** Puts a file into the directory in one step. */
  put(name: string, text: string): Promise<void>
  /** Puts another rules file there and reloads. */
  change(rules: string): Promise<ReloadOutcome>
}

export interface ReloadingProxyOptions {
  readonly rules: string
  /** More files beside `public.pem`, `public.key` (for lyncweb.contoso.com) and `root.pem`. */
  readonly files?: Extract<Parameters<Test['testdir']>[0], object>
  readonly authority?: Authority
  /** Default: the files are not watched, so that only the test's own reloads run. */
  readonly times?: FileWatchTimes
  readonly names?: readonly string[]
}

/** Far longer than any test. */
const NEVER: FileWatchTimes = { pollMs: 10_000_000, quietMs: 10_000_000 }

/** Starts it and kills it when the test is over. */
export async function startReloadingProxy(
  t: Test,
  options: ReloadingProxyOptions,
): Promise<ReloadingProxy> {
  const { rules, files = {}, times = NEVER, names = ['lyncweb.contoso.com'] } = options
  const authority = options.authority ?? (await createAuthority('Test Root'))
  const { certPem, keyPem } = await authority.issue({ names })
  const directory = t.testdir({
    'public.pem': certPem,
    'public.key': keyPem,
    'root.pem': authority.certificatePem,
    'lyncgate.yaml': rules,
    ...files,
  })
  for (const name of await readdir(directory))
    if (name.endsWith('.key')) await chmod(join(directory, name), 0o600)
  const file = join(directory, 'lyncgate.yaml')
  const { logger, lines, line } = collectLog('info')
  const registry = new ServerRegistry()
  const now = (): Date => new Date()
  const loaded = await loadConfiguration(file, { registry, revision: 1, now: now() })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.problems, null, 2))
  const reloads: { reloader?: Reloader } = {}
  const started = await Runtime.start(loaded.value.built, logger, {
    adminPort: (own) => testAdminPort(t, own, logger, { file, reloader: () => reloads.reloader }),
  })
  if (!started.ok) throw new Error(started.error.message)
  const runtime = started.value
  const scope = { file, runtime, registry, logger, now, times }
  const reloader = await Reloader.start(scope, loaded.value.digest)
  reloads.reloader = reloader
  t.teardown(async () => {
    reloader.stop()
    await runtime.kill()
  })
  const put = async (name: string, text: string): Promise<void> => {
    await writeFile(join(directory, `.${name}.new`), text, { mode: 0o600 })
    await rename(join(directory, `.${name}.new`), join(directory, name))
  }
  return {
    directory,
    file,
    authority,
    runtime,
    reloader,
    lines,
    line,
    put,
    change: async (text) => {
      await put('lyncgate.yaml', text)
      return reloader.reload('command')
    },
  }
}

export interface RulesParts {
  readonly listeners: readonly string[]
  /** Port and further keys of the servers by pool. */
  readonly pools: Readonly<Record<string, readonly { readonly httpPort: number }[]>>
  readonly rules: readonly string[]
  readonly top?: string
}

/** A rules file whose pools speak plain HTTP and whose certificate is `public.pem`. */
export const rulesText = ({ listeners, pools, rules, top = '' }: RulesParts): string => `version: 1
listeners:
${listeners.map((each) => `  - ${each}\n`).join('')}${
  listeners.some((each) => each.includes('https'))
    ? 'certificates: [{ cert: public.pem, key: public.key }]\n'
    : ''
}pools:
${Object.entries(pools)
  .map(
    ([name, servers]) =>
      `  ${name}:\n    product: other\n    tls: { ca: root.pem }\n    servers:\n${servers
        .map(
          ({ httpPort }) =>
            `      - { address: 127.0.0.1, http: ${httpPort}, https: ${httpPort} }\n`,
        )
        .join('')}`,
  )
  .join('')}rules:
${rules.map((each) => `  - ${each}\n`).join('')}${top}
`

/** A rule for a pool; plain HTTP goes on to it. */
export const ruleLine = (name: string, host: string, pool: string): string =>
  `{ name: ${name}, publish: anything, hosts: [${host}], pool: ${pool}, http: forward }`
