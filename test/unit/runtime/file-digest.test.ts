import { rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { digestOf, isSameDigest, signatureOf } from '../../../src/runtime/file-digest.ts'

t.test('a digest follows the bytes, not the inode', async (t) => {
  const directory = t.testdir({ one: 'same', two: 'same' })
  const [one, two] = [join(directory, 'one'), join(directory, 'two')]
  const before = await digestOf([one, two])
  t.equal(before.get(one), before.get(two))
  rmSync(one)
  writeFileSync(one, 'same')
  t.ok(isSameDigest(before, await digestOf([one, two])))
  writeFileSync(one, 'other')
  t.notOk(isSameDigest(before, await digestOf([one, two])))
  t.notOk(isSameDigest(before, await digestOf([one])))
})

t.test('what cannot be read is a value too', async (t) => {
  const directory = t.testdir({})
  const digest = await digestOf([join(directory, 'missing'), directory])
  t.same([...digest.values()], ['ENOENT', 'no file'])
})

t.test('a signature follows symbolic links', async (t) => {
  const directory = t.testdir({ one: 'same', two: 'same' })
  const link = join(directory, 'link')
  symlinkSync('one', link)
  const before = await signatureOf([link])
  t.equal(await signatureOf([link]), before)
  unlinkSync(link)
  t.match(await signatureOf([link]), 'ENOENT')
  symlinkSync('two', link)
  t.not(await signatureOf([link]), before)
})
