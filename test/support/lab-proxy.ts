/** The stand-in Lync deployment with the proxy in front of its pool, and clients that speak HTTP to it. */
import type { Test } from 'tap'
import { type Lab, type LabOptions, startLab } from '../../src/lab/lab.ts'
import { connectRaw, type RawClient } from '../../src/lab/raw-client.ts'
import type { NtlmCredentials } from '../../src/ntlm/ntlm-client.ts'
import { startTestProxy, type TestProxy, type TestProxyOptions } from './proxy.ts'

/** The Host line of every request in these tests. */
export const HOST = 'Host: lyncweb.contoso.com'

export interface LabProxy extends TestProxy {
  readonly lab: Lab
  /** A client connection to the proxy that ends with the test. */
  connect(over: 'http' | 'https'): Promise<RawClient>
}

/** Starts the deployment and a proxy whose one pool is fe01 and fe02. */
export async function startLabProxy(
  t: Test,
  options: TestProxyOptions & { readonly lab?: LabOptions } = {},
): Promise<LabProxy> {
  const lab = await startLab(options.lab)
  t.teardown(() => lab.close())
  const proxy = await startTestProxy(t, {
    servers: lab.pool,
    authority: lab.authority,
    ...options,
  })
  return { ...proxy, lab, connect: (over) => connectThrough(t, proxy, over) }
}

/** What somebody of the lab types in to sign in. */
export function credentialsOf(lab: Lab, name: string): NtlmCredentials {
  const user = lab.users.find((known) => known.name === name)
  if (!user) throw new Error(`nobody in the lab is called ${name}`)
  return { user: user.name, domain: user.domain, password: user.password }
}

/** A client of the proxy that reads whole responses. */
export async function connectThrough(
  t: Test,
  proxy: TestProxy,
  over: 'http' | 'https',
): Promise<RawClient> {
  const client = await connectRaw(
    over === 'http'
      ? { port: proxy.httpPort }
      : { port: proxy.httpsPort, tls: { ca: proxy.ca, serverName: 'lyncweb.contoso.com' } },
  )
  t.teardown(() => client.close())
  return client
}
