/** Real faults of the machine that lyncgate runs on. The names of the tests are rows of docs/operations.md. */
import { mkdtemp, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { RawClient } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { type FaultProxy, type FaultProxyOptions, startFaultProxy } from '../support/fault-world.ts'
import { HOST } from '../support/lab-proxy.ts'
import { runProgram, waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { requireRoot } from '../support/require-root.ts'

const start = async (
  t: Test,
  options: Omit<FaultProxyOptions, 'servers' | 'port'> = {},
): Promise<FaultProxy> => {
  const { httpPort } = await startAnsweringBackend(t)
  return startFaultProxy(t, { servers: ['127.0.0.1'], port: httpPort, ...options })
}

const get = async (client: RawClient, target = '/'): Promise<number> =>
  (await client.request(`GET ${target}`, [HOST])).status

async function allAnswered(t: Test, proxy: FaultProxy, count = 50): Promise<void> {
  const client = await proxy.connect()
  for (let n = 0; n < count; n++) if ((await get(client)) !== 200) t.fail('not answered')
  t.equal((await proxy.ask()).status, 200, 'a new client, too')
}

/** Its log has 64 KiB. */
async function startOnSmallDisk(t: Test) {
  const disk = await mkdtemp(join(tmpdir(), 'lyncgate-disk-'))
  const { code } = await runProgram({
    program: 'mount',
    args: ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk],
  })
  t.equal(code, 0)
  t.teardown(async () => {
    await runProgram({ program: 'umount', args: ['-l', disk] })
    await rmdir(disk)
  })
  const proxy = await start(t, { under: () => ['sh', '-c', 'exec "$@" >> "$0/log"', disk] })
  return { proxy, disk }
}

t.test('nobody reads the log any more', async (t) => {
  // `head` ends after the first line, and the pipe is closed.
  const proxy = await start(t, {
    under: () => ['bash', '-c', 'exec "$@" > >(exec head -n 1)', 'bash'],
  })
  await allAnswered(t, proxy, 500)
  t.ok(proxy.logs().length <= 1, 'no more than the first line')
})

t.test('the disk of the log is full', async (t) => {
  if (!requireRoot(t, 'this test mounts a small disk')) return
  const { proxy, disk } = await startOnSmallDisk(t)
  const log = join(disk, 'log')
  await allAnswered(t, proxy, 500)
  t.equal((await stat(log)).size, 64 * 1024, 'the disk is full')
  await allAnswered(t, proxy, 500)
  await runProgram({ program: 'mount', args: ['-o', 'remount,size=64m', disk] })
  await proxy.ask('/room-again')
  await waitUntil('lines are written again', async () =>
    (await readFile(log, 'utf8')).includes('/room-again'),
  )
})

t.test('it is stopped while the disk of the log is full', async (t) => {
  if (!requireRoot(t, 'this test mounts a small disk')) return
  const { proxy } = await startOnSmallDisk(t)
  await allAnswered(t, proxy, 500)
  process.kill(proxy.program.pid, 'SIGTERM')
  t.match(await proxy.program.ended, { code: 0 }, 'it ends by itself')
})

t.test('no more files can be opened', async (t) => {
  const limit = 120
  const proxy = await start(t, { under: () => ['prlimit', `--nofile=${limit}:${limit}`] })
  const early = await Promise.all(Array.from({ length: 20 }, () => proxy.connect()))
  for (const client of early) t.equal(await get(client), 200)
  for (const client of early) client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 2\r\n\r\n`)
  const held = await Promise.all(Array.from({ length: 400 }, () => proxy.connect()))
  const answers = await Promise.all(held.map((client) => get(client).catch(() => 0)))
  t.ok(answers.includes(0), 'some are closed')
  t.same(
    answers.filter((status) => ![0, 200, 503].includes(status)),
    [],
  )
  for (const client of early) {
    client.send('ok')
    t.equal((await client.read()).status, 200, 'who was in conversation is served')
  }
  await proxy.line('connection refused: limit reached')
  for (const client of held) client.close()
  await waitUntil('others are served', async () =>
    proxy.ask().then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  t.notOk(proxy.logs().some(({ msg }) => /died|fault/.test(msg ?? '')))
})

t.test('the clock jumps', async (t) => {
  const library = '/usr/lib/*/faketime/libfaketimeMT.so.1'
  if (!requireProgram(t, library, 'faketime')) return
  let clock = ''
  const proxy = await start(t, {
    under: (directory) => {
      clock = join(directory, 'clock')
      return [
        ...['sh', '-c', 'echo +0 > "$0" && exec env "$@"', clock, 'DONT_FAKE_MONOTONIC=1'],
        ...['FAKETIME_NO_CACHE=1', `FAKETIME_TIMESTAMP_FILE=${clock}`, 'sh', '-c'],
        `LD_PRELOAD=$(echo ${library}) exec "$@"`,
        'sh',
      ]
    },
  })
  const client = await proxy.connect()
  for (const jump of ['+40d', '-40d', '+0']) {
    await writeFile(clock, `${jump}\n`)
    const target = `/clock/${jump}`
    t.equal(await get(client, target), 200, `an open connection, ${jump}`)
    t.equal((await proxy.ask()).status, 200, 'a new one')
    const line = await proxy.line('exchange', (each) => each['target'] === target)
    t.ok(Number(line['totalMs']) >= 0, 'times are not those of the clock')
    const days = (Date.parse(`${line['time']}`) - Date.now()) / 86_400_000
    t.equal(Math.round(days), Number.parseInt(jump, 10), 'but the lines of the log are')
  }
})

t.test('a worker hangs for a moment', async (t) => {
  const proxy = await start(t)
  const clients = await Promise.all(Array.from({ length: 20 }, () => proxy.connect()))
  const worker = await proxy.line('worker serves')
  process.kill(worker['pid'] as number, 'SIGSTOP')
  const answers = clients.map((client) => get(client))
  t.match(await proxy.line('worker does not answer'), { worker: worker['worker'] })
  process.kill(worker['pid'] as number, 'SIGCONT')
  t.same(new Set(await Promise.all(answers)), new Set([200]), 'late, but all of them')
  t.notOk(proxy.logs().some(({ msg }) => msg === 'worker died'))
})

t.test('a worker hangs for good', async (t) => {
  const proxy = await start(t)
  const clients = await Promise.all(Array.from({ length: 20 }, () => proxy.connect()))
  const worker = await proxy.line('worker serves')
  process.kill(worker['pid'] as number, 'SIGSTOP')
  const answers = clients.map((client) => get(client).catch(() => 0))
  await proxy.line('worker died')
  const got = await Promise.all(answers)
  t.same(new Set(got), new Set([0, 200]), 'its connections are lost, the others are served')
  const { pid } = worker
  await proxy.line('worker serves', (line) => line['pid'] !== pid && line['worker'] === 3)
  await allAnswered(t, proxy)
})
