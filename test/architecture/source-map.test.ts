import t from 'tap'
import { order } from './house-law.ts'
import { codeWords, folderOf, readFiles, readText, tableRows } from './repository.ts'

const map = readText('src/README.md')
const rows = tableRows(map, 'Folders')
const mapped = rows.map(([, folder]) => codeWords(folder ?? '')[0] ?? '')

t.test('the map names every folder, and nothing that is not there', async (t) => {
  const folders = new Set(readFiles('src', '.ts').map(({ path }) => folderOf(path)))
  t.same([...mapped].sort(), [...folders].sort())
})

t.test('the lines of the map are those of the law', async (t) => {
  for (const [line, folder] of rows) {
    const name = codeWords(folder ?? '')[0] ?? ''
    t.ok(order[Number(line) - 1]?.includes(name), `${name} on line ${line}`)
  }
})
