/**
 * Each file in rules/ is a rules file, a line of dashes, and what `lyncgate check` prints about it.
 * A new test is a new file; `node test/golden/rules.test.ts --write` fills in what is printed now,
 * to be read before it is committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { formatProblems } from '../../src/cli/check.ts'
import { parseRules } from '../../src/config/load.ts'
import { problemCodes } from '../../src/config/problem-codes.ts'

const directory = new URL('rules/', import.meta.url)
const dashes = '-'.repeat(80)
const isWriting = process.argv.includes('--write')

// Of the file as such, and of very many problems: test/unit/config/load.test.ts has these.
const testedElsewhere = new Set([
  'file-unreadable',
  'file-too-large',
  'file-not-utf8',
  'control-character',
  'more-problems',
])

const io = { stdout: () => {}, stderr: () => {}, isTerminal: false }
const seen = new Set<string>()

for (const name of readdirSync(directory).filter((each) => each.endsWith('.golden'))) {
  t.test(name, async (t) => {
    const file = new URL(name, directory)
    const [input = '', expected = ''] = readFileSync(file, 'utf8').split(`${dashes}\n`)
    const parsed = parseRules(input, 'rules.yaml')
    const problems = parsed.ok ? parsed.value.warnings : parsed.error
    for (const { code } of problems) seen.add(code)
    const printed = formatProblems('rules.yaml', problems, io)
    if (isWriting) writeFileSync(file, `${input}${dashes}\n${printed}`)
    else t.equal(printed, expected)
  })
}

t.test('every problem code has a golden file or a unit test', async (t) => {
  const missing = Object.keys(problemCodes).filter((code) => !seen.has(code))
  t.same(new Set(missing), testedElsewhere)
})
