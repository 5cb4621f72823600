import t from 'tap'
import { adviceCodes } from '../../src/topology/advice.ts'
import { codeWords, readFiles, readText, tableRows } from './repository.ts'

const page = readText('docs/init.md')

t.test('the page has each code of advice as the program means it', async (t) => {
  const rows = tableRows(page, 'Advice').map(([code = '', means]) => [codeWords(code)[0], means])
  t.same(rows, Object.entries(adviceCodes))
})

t.test(
  'each code of advice is given by somebody, and shown in a golden file or a test',
  async (t) => {
    const golden = readFiles('test/golden/init', '.golden')
    const tests = readFiles('test/unit/topology', '.ts')
    const shown = [...golden, ...tests].map(({ text }) => text).join('\n')
    for (const code of Object.keys(adviceCodes)) t.ok(shown.includes(code), code)
  },
)
