import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { failures } from '../../src/base/failure.ts'
import { codeWords, readFiles, readText, root, tableRows } from './repository.ts'

for (const page of ['docs/life-of-a-request.md', 'docs/life-of-a-configuration.md']) {
  t.test(`${page} names functions that are there`, async (t) => {
    const rows = tableRows(readText(page)).filter(([, , file]) => file?.startsWith('`src/'))
    t.ok(rows.length > 10)
    for (const [, names = '', file = '', exit = ''] of rows) {
      const path = codeWords(file)[0] ?? ''
      t.ok(existsSync(join(root, path)), path)
      for (const name of codeWords(names)) {
        const isMade = new RegExp(`(?:function|class|const|async|#|^ {2,4})\\s*${name}\\b`, 'm')
        t.ok(isMade.test(readText(path)), `${name} in ${path}`)
      }
      for (const code of codeWords(exit).filter((word) => /^(?:client|backend|proxy)-/.test(word)))
        t.ok(Object.hasOwn(failures, code), code)
    }
  })
}

t.test('the charts name files that are there', async (t) => {
  const files = new Set(readFiles('src', '.ts').map(({ path }) => path.slice('src/'.length)))
  for (const [, chart = ''] of readText('docs/life-of-a-request.md').matchAll(
    /```mermaid\n([\s\S]*?)```/g,
  )) {
    const named = [...chart.matchAll(/[a-z-]+\/[a-z-]+\.ts/g)].map(([file]) => file)
    t.ok(named.length > 5)
    for (const file of named) t.ok(files.has(file), file)
  }
})

t.test('every page names source files that are there', async (t) => {
  for (const { path, text } of readFiles('', '.md')) {
    for (const word of codeWords(text)) {
      if (/^(?:src|test|docker|config|docs)\/[\w./-]+\.\w+$/.test(word))
        t.ok(existsSync(join(root, word)), `${path}: ${word}`)
    }
  }
})
