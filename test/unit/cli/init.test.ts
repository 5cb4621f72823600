import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { say } from '../../support/init-check.ts'

const source = fileURLToPath(
  new URL('../../golden/init/sources/minimal-builder.tbxml', import.meta.url),
)

t.test('a call that is wrong says how it goes', async (t) => {
  const wrong: readonly (readonly string[])[] = [
    ['--topologie', 'x'],
    ['topology.tbxml'],
    ['--topology', ''],
    ['--json', '--out', '-', '--topology', source],
    Array.from({ length: 21 }, () => ['--topology', 'x']).flat(),
  ]
  for (const args of wrong) {
    const { code, stdout, stderr } = await say('init', ...args)
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /usage: lyncgate init/)
  }
})

t.test('without a topology and without a terminal there is nobody to ask', async (t) => {
  const { code, stderr } = await say('init', '--out', '-')
  t.equal(code, 2)
  t.match(stderr, /no --topology given, and no terminal to ask at/)
})

t.test('a pool that is not there is answered with those that are', async (t) => {
  const { code, stderr } = await say('init', '--topology', source, '--json', '--pool', 'pool02')
  t.equal(code, 2)
  t.match(stderr, /has no such pool\n {2}hint: --pool is one of pool01\n/)
})

t.test('a file is written once, and replaced in one step when asked to', async (t) => {
  const place = t.testdir({})
  const out = join(place, 'lyncgate.yaml')
  const first = await say('init', '--topology', source, '--out', out)
  t.equal(first.code, 0)
  t.match(first.stdout, `${out}: written, 1 pool, 4 rules\n`)
  const made = readFileSync(out, 'utf8')
  const again = await say('init', '--topology', source, '--out', out)
  t.equal(again.code, 1)
  t.equal((await say('init', '--topology', source, '--out', out, '--force')).code, 0)
  t.equal(readFileSync(out, 'utf8'), made)
  t.same(readdirSync(place), ['lyncgate.yaml'], 'nothing temporary is left')
})

t.test('what cannot be written says so and leaves nothing', async (t) => {
  const place = t.testdir({})
  mkdirSync(join(place, 'folder'))
  const nowhere = await say('init', '--topology', source, '--out', join(place, 'a/b.yaml'))
  t.equal(nowhere.code, 1)
  t.match(nowhere.stderr, /the folder does not exist/)
  const folder = await say('init', '--topology', source, '--out', join(place, 'folder'), '--force')
  t.equal(folder.code, 1)
  t.match(folder.stderr, /is a folder/)
  t.same(readdirSync(place), ['folder'])
})

t.test('the document that is read is never replaced, by whatever name', async (t) => {
  const place = t.testdir({ 'a.tbxml': readFileSync(source, 'utf8') })
  const file = join(place, 'a.tbxml')
  symlinkSync('a.tbxml', join(place, 'b.tbxml'))
  for (const out of [file, join(place, 'b.tbxml')]) {
    const { code, stderr } = await say('init', '--topology', file, '--out', out, '--force')
    t.equal(code, 1)
    t.match(stderr, /is what would be read/)
  }
  t.equal(readFileSync(file, 'utf8'), readFileSync(source, 'utf8'))
})

t.test('with --json nothing is written but to --out', async (t) => {
  const place = t.testdir({})
  const out = join(place, 'lyncgate.yaml')
  const bare = JSON.parse((await say('init', '--topology', source, '--json')).stdout) as {
    file: null
    rules: string
  }
  t.equal(bare.file, null)
  const kept = JSON.parse(
    (await say('init', '--topology', source, '--json', '--out', out)).stdout,
  ) as { file: string }
  t.equal(kept.file, out)
  t.equal(readFileSync(out, 'utf8'), bare.rules)
})
