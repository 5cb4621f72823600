import { readFileSync } from 'node:fs'
import t from 'tap'
import { commandTexts } from '../../../src/cli/commands.ts'
import { manPageUrl, writeManPage } from '../../../src/cli/man-page.ts'

t.test(
  'the man page in the repository is the one the commands make (npm run generate)',
  async (t) => {
    t.equal(readFileSync(manPageUrl, 'utf8'), writeManPage())
  },
)

t.test('it has every command, and no text is taken for a request of roff', async (t) => {
  const page = writeManPage()
  for (const name of Object.keys(commandTexts())) t.match(page, `.SS ${name}\n`)
  const requests = page.split('\n').filter((line) => /^[.']/.test(line))
  const known = /^\.(?:TH|SH|SS|B|I|PP|TP|nf|fi)(?: |$)/
  t.same(
    requests.filter((line) => !known.test(line)),
    [],
  )
})
