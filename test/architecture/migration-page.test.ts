import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { failures } from '../../src/base/failure.ts'
import { runCommand } from '../../src/cli/commands.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { codeWords, readFiles, readText, tableRows } from './repository.ts'

const troubleshooting = readText('docs/troubleshooting.md')

for (const page of ['docs/migration.md', 'docs/troubleshooting.md']) {
  t.test(`the rules files of ${page} pass check without a warning`, async (t) => {
    const blocks = [...readText(page).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text)
    const files = blocks.filter((text) => text?.includes('version: 1'))
    t.ok(files.length > 0)
    const authority = await createAuthority('Contoso Root')
    const domains = ['contoso.com', 'fabrikam.com', 'domain.com']
    const { certPem, keyPem } = await authority.issue({ names: domains.map((name) => `*.${name}`) })
    for (const rules of files) {
      const directory = t.testdir({ 'lyncgate.yaml': rules ?? '', 'public.pem': certPem })
      writeFileSync(join(directory, 'public.key'), keyPem, { mode: 0o600 })
      writeFileSync(join(directory, 'contoso-root.pem'), authority.certificatePem)
      const file = join(directory, 'lyncgate.yaml')
      let said = ''
      const hear = (more: string): void => {
        said += more
      }
      const io = { stdout: hear, stderr: hear, isTerminal: false }
      t.equal(await runCommand(['check', file], io), 0)
      t.equal(said, `${file}: fine\n`)
    }
  })
}

t.test('every failure code that troubleshooting names is in the catalogue', async (t) => {
  const isCode = /^(?:client|policy|backend|proxy)-[a-z-]+$/
  const named = codeWords(troubleshooting).filter((word) => isCode.test(word))
  t.ok(named.length > 20)
  for (const code of named) t.ok(Object.hasOwn(failures, code), code)
})

t.test('every check, metric, problem and log message of its tables is explained', async (t) => {
  const explained = new Set(
    readFiles('docs', '.md')
      .filter(({ path }) => !path.endsWith('/troubleshooting.md'))
      .flatMap(({ text }) => codeWords(text)),
  )
  const seen = tableRows(troubleshooting)
    .filter((cells) => cells.length === 4)
    .flatMap(([, , how]) => codeWords(how ?? ''))
  const isId = /^(?:[a-z]+(?:-[a-z]+)+|lyncgate_[a-z_]+)$/
  const isMessage = /^[a-z][a-zA-Z]*(?: [a-zA-Z]+)+$|^connection refused: /
  const named = seen.filter((word) => isId.test(word) || isMessage.test(word))
  t.ok(named.length > 80)
  for (const word of named.filter((each) => !each.startsWith('lyncgate ')))
    t.ok(explained.has(word), word)
})
