/**
 * Each file in init/ is a call of `lyncgate init` on documents of init/sources/, a line of dashes, and what is printed.
 * A new test is a new file with a call only; `node test/golden/init.test.ts --write` fills in what is printed now, to be
 * read before it is committed. The two skype-2015 documents have every service of a real deployment, under other names.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { checkMade, say } from '../support/init-check.ts'

const directory = new URL('init/', import.meta.url)
const sources = fileURLToPath(new URL('init/sources/', import.meta.url))
const dashes = '-'.repeat(80)
const isWriting = process.argv.includes('--write')

for (const name of readdirSync(directory).filter((each) => each.endsWith('.golden'))) {
  t.test(name, async (t) => {
    const file = new URL(name, directory)
    const [input = '', expected = ''] = readFileSync(file, 'utf8').split(`${dashes}\n`)
    const args = input
      .trim()
      .split(/\s+/)
      .map((word, index, words) => (words[index - 1] === '--topology' ? sources + word : word))
    const { stdout, stderr } = await say('init', ...args)
    const printed = (stdout + stderr).replaceAll(sources, '')
    if (isWriting) writeFileSync(file, `${input.trim()}\n${dashes}\n${printed}`)
    else t.equal(printed, expected)
    const plain = args.filter((word, index) => word !== '--out' && args[index - 1] !== '--out')
    const json = args.includes('--json') ? stdout : (await say('init', ...plain, '--json')).stdout
    await checkMade(t, json)
  })
}

t.test('there is a golden file for every document', async (t) => {
  const calls = readdirSync(directory)
    .filter((each) => each.endsWith('.golden'))
    .map((each) => readFileSync(new URL(each, directory), 'utf8').split(dashes)[0] ?? '')
    .join(' ')
  for (const source of readdirSync(sources)) t.ok(calls.includes(` ${source}`), source)
})
