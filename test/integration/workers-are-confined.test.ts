/** A worker takes bytes from the Internet: its process can read its own program, open sockets, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { workerFlags } from '../../src/workers/worker-flags.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { runProgram } from '../support/real-process.ts'
import { startRunningProxy } from '../support/running-proxy.ts'

const probe = fileURLToPath(new URL('../support/confined-probe.ts', import.meta.url))

async function tryAll(directory: string, flags: readonly string[]) {
  const { stdout, stderr } = await runProgram({
    program: process.execPath,
    args: [...flags, probe, directory],
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Readonly<Record<string, string>>
}

const DENIED = 'ERR_ACCESS_DENIED'

t.test('what they cannot do', async (t) => {
  const directory = t.testdir({ 'public.key': '' })
  t.same(await tryAll(directory, workerFlags(undefined)), {
    'read a key': DENIED,
    'read the environment': DENIED,
    'read through /proc': DENIED,
    'open memory': DENIED,
    'list a directory': DENIED,
    'write a file': DENIED,
    'write a heap snapshot': DENIED,
    'write a report': DENIED,
    'start a program': DENIED,
    'start a process of Node': DENIED,
    'start a thread': DENIED,
    'open a debugger': DENIED,
    'debug itself': DENIED,
    'load native code': 'ERR_DLOPEN_DISABLED',
    'open a database': 'ERR_UNKNOWN_BUILTIN_MODULE',
    'pollute by __proto__': 'NO_EFFECT',
    listen: 'done',
  })
  t.same(readdirSync(directory), ['public.key'])
})

t.test('each try would come to something without the flags', async (t) => {
  const directory = t.testdir({ 'public.key': '' })
  const results = await tryAll(directory, [])
  // The last handle of a thread or program may fail for its own reasons; never for want of permission.
  t.notOk(Object.values(results).includes(DENIED), JSON.stringify(results))
  t.equal(results['pollute by __proto__'], 'done')
  t.equal(results['open a database'], 'done')
})

t.test('the workers of a running proxy are started so, those that come later too', async (t) => {
  const { httpPort: server } = await startAnsweringBackend(t)
  const proxy = await startRunningProxy(t, server, 'unready: 0s, drain: 1s')
  const flagsOf = (pid: number): readonly string[] =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const pidOf = (line: RegExpExecArray | undefined): number => Number(line?.[1])
  const served = (text: string) => [...text.matchAll(/"pid":(\d+),"msg":"worker serves"/g)]
  const [first] = served(proxy.stdout)
  for (const flag of workerFlags(undefined)) t.ok(flagsOf(pidOf(first)).includes(flag), flag)
  process.kill(pidOf(first), 'SIGKILL')
  const [, second] = served(await proxy.until((text) => served(text).length === 2))
  for (const flag of workerFlags(undefined)) t.ok(flagsOf(pidOf(second)).includes(flag), flag)
  t.equal(await proxy.readiness(), 200)
  t.equal(proxy.stderr, '', 'Node has nothing to warn of')
})
