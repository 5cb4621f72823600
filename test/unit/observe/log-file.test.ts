import { existsSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type LogFile, logFile } from '../../../src/observe/log-file.ts'

/** Waits for something that the file system is about to do. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5)
}

const lookOften = (path: string, troubles: string[] = []): LogFile =>
  logFile({ path, lookMs: 5, onTrouble: (reason) => void troubles.push(reason) })

const contentOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

t.test('a file that is renamed is left, and a new one begun', async (t) => {
  const path = join(t.testdir(), 'access.log')
  const file = lookOften(path)
  t.notOk(existsSync(path), 'nothing is opened before the first line')
  file.write('one\n')
  await until(() => contentOf(path) === 'one\n')
  t.equal(file.generation, 0)
  t.equal(statSync(path).mode & 0o137, 0, 'not for every user')
  renameSync(path, `${path}.1`)
  await until(() => file.generation === 1)
  file.write('two\n')
  await until(() => contentOf(path) === 'two\n')
  t.equal(contentOf(`${path}.1`), 'one\n')
  // Before the directory is removed: a look would make its file anew.
  file.end()
})

t.test('a file that is cut is begun anew', async (t) => {
  const path = join(t.testdir(), 'access.log')
  const file = lookOften(path)
  file.write('one\n')
  await until(() => contentOf(path) === 'one\n')
  // A look must have seen a length before it is cut: it is cut until one has.
  await until(() => {
    if (contentOf(path) === '') file.write('one\n')
    else truncateSync(path)
    return file.generation > 0
  })
  await until(() => {
    truncateSync(path)
    file.write('two\n')
    return contentOf(path) === 'two\n'
  })
  t.ok(file.generation > 0)
  // Before the directory is removed: a look would make its file anew.
  file.end()
})

t.test('a file that cannot be opened is tried again, and said once', async (t) => {
  const directory = join(t.testdir({ logs: {} }), 'logs')
  const path = join(directory, 'access.log')
  renameSync(directory, `${directory}.away`)
  const troubles: string[] = []
  const file = lookOften(path, troubles)
  for (let i = 0; i < 50; i++) file.write('early\n')
  await until(() => troubles.length > 0)
  file.write('later\n')
  renameSync(`${directory}.away`, directory)
  await until(() => contentOf(path).endsWith('later\n'))
  t.same(troubles, ['ENOENT'])
  // Before the directory is removed: a look would make its file anew.
  file.end()
})

t.test('a full disk stops nobody, and nothing is held without end', async (t) => {
  const troubles: string[] = []
  const file = lookOften('/dev/full', troubles)
  file.write('x\n')
  await until(() => troubles.length > 0)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 200_000; i++) file.write(`${'x'.repeat(500)}\n`)
  t.ok(process.memoryUsage().heapUsed - before < 50 * 2 ** 20, '100 MB were written')
  t.same(troubles, ['ENOSPC'])
  await file.flush()
  file.write('after the end\n')
})
