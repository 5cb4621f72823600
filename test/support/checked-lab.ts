/** The stand-in deployment behind a proxy that asks its servers often. */
import type { Test } from 'tap'
import type { LabOptions } from '../../src/lab/lab.ts'
import type { LabServer } from '../../src/lab/lab-server.ts'
import type { RawResponse } from '../../src/lab/raw-client.ts'
import { HOST, type LabProxy, startLabProxy } from './lab-proxy.ts'
import type { TestProxyOptions } from './proxy.ts'

export interface CheckedLab extends LabProxy {
  readonly fe01: LabServer
  readonly fe02: LabServer
  /** Resolves when the log has said so of the server for the n-th time; the first is 1. */
  said(msg: string, server: LabServer, times?: number): Promise<void>
  /** The answer to one request on a connection of its own. */
  ask(target: string, fields?: readonly string[]): Promise<RawResponse>
}

export interface CheckedLabOptions extends TestProxyOptions {
  readonly lab?: LabOptions
  /** More of `health`, such as `check: web`. */
  readonly health: string
}

/** Starts it; `health` says what is asked. */
export async function startCheckedLab(t: Test, options: CheckedLabOptions): Promise<CheckedLab> {
  const { health, ...rest } = options
  const pool = `health: { interval: 100ms, rise: 2, fall: 2, ${health} }`
  const proxy = await startLabProxy(t, { ...rest, pool })
  const [fe01, fe02] = proxy.lab.pool
  const nameOf = ({ address, httpsPort }: LabServer): string => `${address}:${httpsPort}`
  return {
    ...proxy,
    fe01,
    fe02,
    said: async (msg, server, times = 1) => {
      const isIt = (line: { msg: string; server?: string | undefined }): boolean =>
        line.msg === msg && line.server === nameOf(server)
      await proxy.line(() => proxy.lines.filter(isIt).length >= times)
    },
    ask: async (target, fields = []) => {
      const client = await proxy.connect('https')
      const answer = await client.request(`GET ${target}`, [HOST, ...fields])
      client.close()
      return answer
    },
  }
}

/** The affinity cookie that an answer sets, as a request field. */
export const cookieOf = (answer: RawResponse): string =>
  `Cookie: ${(answer.header('set-cookie') ?? '').split(';')[0]}`

/** Which server of the lab answered. */
export const serverOf = (answer: RawResponse): string | undefined => answer.header('x-lab-server')
