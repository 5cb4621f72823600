import t from 'tap'
import { streamOutcomes } from '../../src/streams/stream-outcome.ts'
import { codeWords, readText, tableRows } from './repository.ts'

const page = readText('docs/streams.md')
const words = tableRows(page, 'The log line of a stream').map(
  ([word = '']) => codeWords(word)[0] ?? '',
)

t.test(
  'docs/streams.md has the keys of StreamRecord and every outcome, in the same order',
  async (t) => {
    const source = readText('src/observe/stream-log.ts')
    const body = /export interface StreamRecord \{\n([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
    const keys = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? '')
    t.ok(keys.length > 15)
    t.same(words, [...keys, ...streamOutcomes])
  },
)
