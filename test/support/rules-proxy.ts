/** The proxy in the test's own process, from a whole rules file that the test writes itself. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { loadRules } from '../../src/config/load.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { startLoaded, type TestProxy } from './proxy.ts'

export interface RulesProxy extends TestProxy {
  /** Where the file is. */
  readonly rules: string
  portsOf(listener: string): { readonly http: number; readonly https: number }
}

export interface RulesProxyOptions {
  /** The file; `public.pem`, `public.key` and `root.pem` are beside it. */
  readonly rules: string
  /** Names of the public certificate. */
  readonly names: readonly string[]
}

/** Starts it on ports of the system's choice, whatever the file says, and kills it when the test is over. */
export async function startRulesProxy(t: Test, options: RulesProxyOptions): Promise<RulesProxy> {
  const authority = await createAuthority('Test Root')
  const certificate = await authority.issue({ names: options.names })
  const directory = t.testdir({
    'public.pem': certificate.certPem,
    'public.key': certificate.keyPem,
    'root.pem': authority.certificatePem,
  })
  const file = join(directory, 'lyncgate.yaml')
  await writeFile(file, options.rules)
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 2))
  const started = await startLoaded(t, loaded.value, authority)
  return {
    ...started,
    rules: file,
    portsOf: (listener) => {
      const ports = started.proxy.ports.find(({ name }) => name === listener)
      return { http: ports?.httpPort ?? 0, https: ports?.httpsPort ?? 0 }
    },
  }
}
