import t from 'tap'
import { loadRules } from '../../src/config/load.ts'
import { codeWords, readFiles, readText, tableRows } from './repository.ts'

const page = readText('docs/operations.md')
const logTables = tableRows(page, 'The log line').map(([word = '']) => codeWords(word)[0] ?? '')

t.test('the keys of the log line are those of AccessRecord', async (t) => {
  const source = readText('src/observe/access-log.ts')
  const body = /export interface AccessRecord \{\n([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  const keys = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? '')
  t.ok(keys.length > 15)
  t.same(
    logTables.filter((word) => /^\w+$/.test(word) && keys.includes(word)),
    keys,
    'in the same order',
  )
  const others = new Set(readMessages())
  t.same(
    logTables.filter((word) => !keys.includes(word) && !others.has(word)),
    [],
  )
})

t.test('every message of the log is documented', async (t) => {
  t.same(
    readMessages().filter((message) => message !== 'exchange' && !logTables.includes(message)),
    [],
  )
  t.match(page, '`exchange`')
})

t.test('the values of affinity are those of the source', async (t) => {
  const source = readText('src/pools/choose-server.ts')
  const union = /export type ChoiceSource = (.+)/.exec(source)?.[1] ?? ''
  const row = tableRows(page, 'The log line').find(([key]) => key === '`affinity`')
  const values = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1] ?? '')
  t.same([...codeWords(row?.[1] ?? '')].sort(), values.sort())
})

t.test('the limits and time-outs of the page have the defaults of the program', async (t) => {
  const loaded = await loadRules(
    new URL('../../config/single-server.yaml', import.meta.url).pathname,
  )
  if (!loaded.ok) throw new Error('the example cannot be read')
  const { limits } = loaded.value.rules
  const reference = readText('docs/rules-reference.md')
  for (const heading of ['Limits and open files', 'Time-outs']) {
    for (const [key = '', said = ''] of tableRows(page, heading)) {
      const [section = '', name = ''] = (codeWords(key)[0] ?? '').split('.')
      const row = tableRows(reference, `\`${section}\``).find(([each]) => each === `\`${name}\``)
      t.equal(said.split(' ')[0], codeWords(row?.[2] ?? '')[0], `${section}.${name}`)
    }
  }
  t.match(page, `needs\n${limits.connections * 2 + 200};`, 'as warnOfFileLimit reckons')
})

/** The constant texts that a logger is called with. */
function readMessages(): readonly string[] {
  const call =
    /(?:logger|scope\(\)\.logger)\s*\.(?:debug|info|warn|error)\(\s*(?:\{[^}]*\},\s*)?'([^']+)'/g
  return readFiles('src', '.ts').flatMap(({ text }) =>
    [...text.matchAll(call)].map((match) => match[1] ?? ''),
  )
}
