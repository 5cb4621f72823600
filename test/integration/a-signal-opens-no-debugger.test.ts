/** SIGUSR1 makes Node listen for a debugger, in which every local user can run code. Ours does not. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startRunningProxy } from '../support/running-proxy.ts'

/** Local ports on which a process listens, from /proc. */
function listeningPorts(pid: number): readonly number[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1]
      } catch {
        return undefined // closed meanwhile
      }
    }),
  )
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && own.has(inode))
    .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16))
    .sort((one, other) => one - other)
}

t.test('a bare Node does', async (t) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6); console.log("on")'], {
    env: {},
  })
  t.teardown(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGUSR1')
  const [text] = await once(child.stderr, 'data')
  // "address already in use" where another debugger has the port.
  t.match(String(text), /inspector|Debugger listening/)
})

t.test('primary and workers do not', async (t) => {
  const { httpPort: server } = await startAnsweringBackend(t)
  const proxy = await startRunningProxy(t, server, 'unready: 0s, drain: 1s')
  const worker = Number(/"pid":(\d+),"msg":"worker serves"/.exec(proxy.stdout)?.[1])
  const before = [proxy.pid, worker].map(listeningPorts)
  t.same(before, [[proxy.healthPort], [proxy.httpPort]])
  for (const pid of [proxy.pid, worker]) process.kill(pid, 'SIGUSR1')
  // Signals of one process are taken in their order of number or sending; a reload takes far longer than a debugger.
  proxy.signal('SIGHUP')
  await proxy.until((text) => text.includes('reload: nothing has changed'))
  const answer = await fetch(`http://127.0.0.1:${proxy.httpPort}/`)
  t.equal(answer.status, 421, 'the worker has lived through it')
  t.same([proxy.pid, worker].map(listeningPorts), before)
  t.equal(proxy.stderr, '')
})
