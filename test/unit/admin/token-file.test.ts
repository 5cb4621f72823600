import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readTokenFile, tokenPath, writeTokenFile } from '../../../src/admin/token-file.ts'

t.test('a token is written for its owner alone, and read back', async (t) => {
  const directory = t.testdir({})
  const made = writeTokenFile([directory], 9090)
  t.equal(made?.path, tokenPath(directory, 9090))
  t.equal(statSync(made?.path ?? '').mode & 0o777, 0o600)
  t.match(made?.token, /^lga_[\w-]{43}$/)
  t.equal(await readTokenFile(made?.path ?? ''), made?.token)
  made?.remove()
  t.notOk(existsSync(made?.path ?? ''))
  made?.remove()
})

t.test('an old one is replaced, and the old owner does not take the new one away', async (t) => {
  const directory = t.testdir({})
  const old = writeTokenFile([directory], 9090)
  const made = writeTokenFile([directory], 9090)
  t.not(made?.token, old?.token)
  // Where the system gives the number of the old file to the new one, the two cannot be told apart.
  if (old?.path && made) t.equal(await readTokenFile(old.path), made.token)
})

t.test('what somebody else has put there is not followed', async (t) => {
  const directory = t.testdir({ victim: 'precious', elsewhere: {} })
  symlinkSync(join(directory, 'victim'), tokenPath(directory, 9090))
  const made = writeTokenFile([directory, join(directory, 'elsewhere')], 9090)
  t.equal(made?.path, tokenPath(join(directory, 'elsewhere'), 9090), 'the next directory is taken')
  t.equal(readFileSync(join(directory, 'victim'), 'utf8'), 'precious')
  t.ok(lstatSync(tokenPath(directory, 9090)).isSymbolicLink())
  symlinkSync(made?.path ?? '', join(directory, 'link'))
  t.equal(await readTokenFile(join(directory, 'link')), undefined, 'nor read')
  t.equal(await readTokenFile(made?.path ?? ''), made?.token)
})

t.test('no place at all', async (t) => {
  const directory = t.testdir({})
  mkdirSync(tokenPath(directory, 9090))
  t.equal(writeTokenFile(['/nowhere', directory], 9090), undefined)
})

t.test('what does not look like a token is not read as one', async (t) => {
  const directory = t.testdir({})
  const path = join(directory, 'x')
  t.equal(await readTokenFile(path), undefined)
  for (const text of ['', 'root:x:0:0', `lga_${'x'.repeat(43)}`, `lga_${'x'.repeat(43)}\nmore\n`]) {
    writeFileSync(path, text)
    t.equal(await readTokenFile(path), undefined, text)
  }
})
