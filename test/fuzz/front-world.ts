/** The real proxy in this process, for as many cases as wanted, and what it must not do over all of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import type { FrontWorld } from './front.ts'
import { startTalkingBackend } from './talking-backend.ts'

export interface RunningWorld extends FrontWorld {
  /** What went wrong beside the cases: faults, warnings, connections that are left. */
  troubles(): readonly string[]
  stop(): Promise<void>
}

/** Long enough that no case meets one on a machine that is busy with other things. */
const TOP = 'timeouts: { requestHead: 20s, requestBody: 20s, response: 20s }\n'

export async function startFrontWorld(): Promise<RunningWorld> {
  const backend = await startTalkingBackend()
  const scope = testScope()
  const troubles: string[] = []
  const note = (error: unknown): void =>
    void troubles.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const events = ['warning', 'uncaughtException', 'unhandledRejection'] as const
  for (const event of events) process.on(event, note)
  const proxy = await startTestProxy(scope.t, { servers: [backend], top: TOP })
  return {
    port: proxy.httpPort,
    backend,
    troubles: () => [
      ...troubles,
      ...proxy.lines.filter(({ msg }) => /fault/.test(msg)).map((line) => JSON.stringify(line)),
    ],
    stop: async () => {
      await scope.end()
      backend.stop()
      for (const event of events) process.off(event, note)
    },
  }
}

/** As much of a tap test as the support files use: the fuzzer runs without tap too. */
function testScope() {
  const ends: (() => unknown)[] = []
  let directory = ''
  const t = {
    teardown: (end: () => unknown): void => void ends.push(end),
    testdir: (files: Readonly<Record<string, string>>): string => {
      directory = mkdtempSync(join(tmpdir(), 'lyncgate-fuzz-'))
      for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
      return directory
    },
  }
  return {
    t: t as unknown as Test,
    end: async (): Promise<void> => {
      for (const end of ends.reverse()) await end()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
