import { renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { digestOf } from '../../../src/runtime/file-digest.ts'
import { FileWatch } from '../../../src/runtime/file-watch.ts'
import { countOpen } from '../../support/open-files.ts'

const NEVER = 10_000_000

/** Watches one file; `changed` resolves with the next change. */
async function startWatch(t: Test, file: string, times: { pollMs: number; quietMs: number }) {
  let tell = (): void => {}
  let count = 0
  const watch = new FileWatch(times, () => {
    count++
    tell()
  })
  // The watch does not keep the process.
  const keeper = setInterval(() => {}, 1_000)
  t.teardown(() => {
    clearInterval(keeper)
    watch.stop()
  })
  await watch.follow(await digestOf([file]))
  return {
    watch,
    count: () => count,
    changed: () =>
      new Promise<void>((resolve) => {
        tell = resolve
      }),
  }
}

t.test('notifications: written in place, renamed over, swapped link', async (t) => {
  const directory = t.testdir({ one: { file: '1' }, two: { file: '2' } })
  const path = (name: string): string => join(directory, name)
  symlinkSync('one', path('data'))
  symlinkSync('data/file', path('file'))
  const { changed } = await startWatch(t, path('file'), { pollMs: NEVER, quietMs: 10 })

  let change = changed()
  writeFileSync(path('one/file'), 'in place')
  await change

  change = changed()
  writeFileSync(path('one/new'), 'renamed over')
  renameSync(path('one/new'), path('one/file'))
  await change

  change = changed()
  symlinkSync('two', path('data.new'))
  renameSync(path('data.new'), path('data'))
  await change
  t.pass('all three were seen')
})

t.test('the poll sees what no notification tells', async (t) => {
  const directory = t.testdir({ a: {}, b: {}, c: { file: '1' }, d: { file: '2' } })
  const path = (name: string): string => join(directory, name)
  // Only `a` and `c` are watched; the change is in `b`.
  symlinkSync('../b/link', path('a/link'))
  symlinkSync('../c/file', path('b/link'))
  const { changed } = await startWatch(t, path('a/link'), { pollMs: 20, quietMs: 10 })
  const change = changed()
  unlinkSync(path('b/link'))
  symlinkSync('../d/file', path('b/link'))
  await change
  t.pass('it was seen')
})

t.test('the same content is no change, and one change is told once', async (t) => {
  const directory = t.testdir({ file: '1' })
  const file = join(directory, 'file')
  const { changed, count } = await startWatch(t, file, { pollMs: 5, quietMs: 5 })
  const change = changed()
  for (let round = 0; round < 50; round++) {
    writeFileSync(`${file}.new`, '1')
    renameSync(`${file}.new`, file)
    await new Promise((resolve) => setImmediate(resolve))
  }
  writeFileSync(file, '2')
  await change
  t.equal(count(), 1)
})

t.test('a file that comes later', async (t) => {
  const file = join(t.testdir({}), 'file')
  const { changed } = await startWatch(t, file, { pollMs: NEVER, quietMs: 10 })
  const change = changed()
  writeFileSync(file, '1')
  await change
  t.pass('it was seen')
})

t.test('after the end nothing is watched', async (t) => {
  const file = join(t.testdir({ file: '1' }), 'file')
  const before = countOpen().watches
  const { watch } = await startWatch(t, file, { pollMs: NEVER, quietMs: 5 })
  if (process.platform === 'linux') t.equal(countOpen().watches, before + 1)
  for (let round = 0; round < 10; round++) await watch.follow(await digestOf([file]))
  if (process.platform === 'linux') t.equal(countOpen().watches, before + 1)
  watch.stop()
  await watch.follow(await digestOf([file]))
  t.equal(countOpen().watches, before)
})
