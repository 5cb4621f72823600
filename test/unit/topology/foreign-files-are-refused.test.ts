import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { largestSourceBytes } from '../../../src/topology/read-text-file.ts'
import { say } from '../../support/init-check.ts'
import { foreignFiles } from '../../support/topology-documents.ts'

for (const [name, bytes, says] of foreignFiles) {
  t.test(name, async (t) => {
    const place = t.testdir({})
    const file = join(place, 'topology.tbxml')
    writeFileSync(file, bytes)
    const { code, stdout, stderr } = await say('init', '--topology', file, '--json')
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, says)
    t.match(stderr, /^lyncgate init: .*\n {2}hint: .+\n$/, 'one sentence and one hint')
    t.notMatch(stderr, /^\s+at /m, 'no stack')
    t.ok(stderr.length < 1500, 'no more than a few lines')
  })
}

t.test('what is no file, or too large, or may not be read', async (t) => {
  const place = t.testdir({ 'large.tbxml': '<Topology>' })
  mkdirSync(join(place, 'folder'))
  symlinkSync('loop', join(place, 'loop'))
  truncateSync(join(place, 'large.tbxml'), largestSourceBytes + 1)
  const expected = {
    folder: /is a folder/,
    loop: /is a link to itself/,
    absent: /does not exist/,
    'large.tbxml': /is larger than 8 MiB/,
    'large.tbxml/x': /does not exist/,
  }
  for (const [name, says] of Object.entries(expected)) {
    const { code, stderr } = await say('init', '--topology', join(place, name), '--json')
    t.equal(code, 2, name)
    t.match(stderr, says, name)
  }
  t.match((await say('init', '--topology', '/dev/zero', '--json')).stderr, /is not a file/)
})

t.test(
  'an unreadable file',
  { skip: process.getuid?.() === 0 && 'root may read all' },
  async (t) => {
    const place = t.testdir({ secret: '<Topology/>' })
    chmodSync(join(place, 'secret'), 0)
    const { code, stderr } = await say('init', '--topology', join(place, 'secret'), '--json')
    t.equal(code, 2)
    t.match(stderr, /may not be read/)
  },
)

t.test('every bad file is named at once, and nothing is written', async (t) => {
  const place = t.testdir({ a: '<svg/>', b: '' })
  const out = join(place, 'lyncgate.yaml')
  const { code, stderr } = await say(
    'init',
    ...['--topology', join(place, 'a'), '--topology', join(place, 'b'), '--out', out],
  )
  t.equal(code, 2)
  t.match(stderr, /a is an SVG picture[\s\S]*b is empty/)
  t.same((await say('check', out)).code, 1)
})
