/** docker/seccomp.json allows what lyncgate does, and refuses what only an intruder would. */
import { writeFileSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startFaultProxy } from '../support/fault-world.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { runProgram } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { strictProfile, underSeccomp } from '../support/real-seccomp.ts'

const hasPrograms = (t: Test): boolean =>
  requireProgram(t, 'strace', 'strace') &&
  requireProgram(t, '/usr/lib/python3/dist-packages/seccomp*.so', 'python3-seccomp')

/** Asked for at each start and refused on purpose: libuv goes another way. */
const REFUSED = ['io_uring_setup']

t.test('start, traffic, reload, a lost worker and the end', async (t) => {
  if (!hasPrograms(t)) return
  const { httpPort } = await startAnsweringBackend(t)
  const [streamPort = 0, adminPort = 0] = await freePorts(2)
  const proxy = await startFaultProxy(t, {
    servers: ['localhost'],
    port: httpPort,
    top: `streams: [{ name: sip, listen: ${streamPort}, address: 127.0.0.1, servers: ["127.0.0.1:${httpPort}"] }]
admin: { address: 127.0.0.1, port: ${adminPort} }`,
    under: (directory) => {
      const profile = join(directory, 'seccomp.json')
      writeFileSync(profile, strictProfile(REFUSED))
      return underSeccomp(profile)
    },
  })
  const client = await proxy.connect()
  for (let n = 0; n < 20; n++) t.equal((await client.request('GET /', [HOST])).status, 200)

  await appendFile(join(proxy.directory, 'lyncgate.yaml'), 'log: { level: debug }\n')
  await proxy.line('reloaded', ({ trigger }) => trigger === 'file')
  await appendFile(join(proxy.directory, 'lyncgate.yaml'), '# the same\n')
  process.kill(proxy.program.pid, 'SIGHUP')
  await proxy.line('reloaded', ({ trigger }) => trigger === 'signal')
  t.equal((await client.request('GET /', [HOST])).status, 200, 'nobody was cut')

  const { pid } = await proxy.line('worker serves')
  process.kill(Number(pid), 'SIGKILL')
  await proxy.line('worker serves', ({ worker }) => worker === 3)
  t.equal((await proxy.ask()).status, 200)
  t.equal((await fetch(`http://127.0.0.1:${adminPort}/metrics`)).status, 200)
  const through = await fetch(`http://127.0.0.1:${streamPort}/`)
  t.equal(through.status, 200, 'a stream')

  await proxy.program.stop('SIGTERM')
  t.equal((await proxy.program.ended).code, 0)
  await proxy.line('stopped')
  t.equal(proxy.logs().filter(({ msg }) => msg === 'worker died').length, 1, 'but the one')
})

t.test('a call that is missing in the profile is noticed', async (t) => {
  if (!hasPrograms(t)) return
  const file = join(t.testdir({}), 'seccomp.json')
  const pwd = async (missing: readonly string[]) => {
    await writeFile(file, strictProfile(REFUSED, missing))
    const [program = '', ...args] = [...underSeccomp(file), '/bin/pwd', '-P']
    return (await runProgram({ program, args })).code
  }
  t.equal(await pwd([]), 0)
  t.equal(await pwd(['getcwd']), undefined, 'a signal ended it')
})

t.test('an intruder gets no further', async (t) => {
  if (!hasPrograms(t)) return
  const tries: Readonly<Record<string, readonly string[]>> = {
    'a new user namespace': ['unshare', '--user', 'true'],
    'a new network': ['unshare', '--net', 'true'],
    'another process watched': ['strace', '-o', '/dev/null', 'true'],
    'a file system mounted': ['mount', '-t', 'tmpfs', 'tmpfs', '/mnt'],
    'a raw socket': ['/usr/bin/python3', '-c', 'import socket; socket.socket(17, 3)'],
    'a kernel key': ['/usr/bin/python3', '-c', KEY],
  }
  for (const [name, words] of Object.entries(tries)) {
    const run = async ([program = '', ...args]: readonly string[]) => runProgram({ program, args })
    const { code, stderr } = await run([...underSeccomp(), ...words])
    t.not(code, 0, name)
    t.match(stderr, /not permitted|permission denied|ptrace/i, name)
  }
})

/** request_key (249 on x86_64) through the C library. */
const KEY = `
import ctypes, os, platform
number = {"x86_64": 249, "aarch64": 218}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(number, 0, 0, 0, 0) != 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
`
