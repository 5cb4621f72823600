import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { helpText, runCommand } from '../../src/cli/commands.ts'
import type { CommandIo } from '../../src/cli/output.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { codeWords, readFiles, readText, tableRows } from './repository.ts'

const readme = readText('README.md')
const commandNames = [...helpText().matchAll(/^ {2}(\w+) /gm)].map((match) => match[1] ?? '')

/** Runs a command and returns what it says. */
async function say(...args: readonly string[]): Promise<{ code: number; text: string }> {
  let text = ''
  const hear = (more: string): void => {
    text += more
  }
  const io: CommandIo = { stdout: hear, stderr: hear, isTerminal: false }
  return { code: await runCommand(args, io), text }
}

t.test('the rules file of the README passes check without a warning', async (t) => {
  const rules = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const directory = t.testdir({ 'lyncgate.yaml': rules })
  const authority = await createAuthority('Contoso Root')
  const names = ['lyncweb', 'meet', 'dialin', 'lyncdiscover'].map((name) => `${name}.contoso.com`)
  const { certPem, keyPem } = await authority.issue({ names })
  writeFileSync(join(directory, 'public.pem'), certPem)
  writeFileSync(join(directory, 'public.key'), keyPem, { mode: 0o600 })
  writeFileSync(join(directory, 'contoso-root.pem'), authority.certificatePem)
  const file = join(directory, 'lyncgate.yaml')
  t.same(await say('check', file), { code: 0, text: `${file}: fine\n` })
})

t.test('the README has each command as the program explains it', async (t) => {
  const rows = tableRows(readme, 'Commands')
  t.same(
    rows.map(([usage]) => /^`lyncgate (\w+)/.exec(usage ?? '')?.[1]),
    commandNames,
  )
  for (const [index, name] of commandNames.entries()) {
    const { code, text } = await say(name, '--help')
    const [usage, summary] = text.trimEnd().split('\n')
    t.equal(code, 0)
    t.same(rows[index], [`\`${usage?.replace('usage: ', '')}\``, summary])
  }
})

t.test('no page tells to run a command that is not there', async (t) => {
  for (const { path, text } of readFiles('', '.md')) {
    const blocks = [...text.matchAll(/```\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
    const called = [
      ...codeWords(text.replace(/```[\s\S]*?```/g, '')),
      ...blocks.join('\n').split('\n'),
    ]
      .map((line) => /(?:^|\s)(?:lyncgate|dist\/main\.js) ([a-z]+)\b/.exec(line)?.[1])
      .filter((name) => name !== undefined)
    t.same(
      called.filter((name) => !commandNames.includes(name)),
      [],
      path,
    )
  }
})

t.test('npm scripts that pages name are there', async (t) => {
  const manifest: unknown = JSON.parse(readText('package.json'))
  const { scripts } = manifest as { scripts: Record<string, string> }
  for (const { path, text } of readFiles('', '.md')) {
    for (const [, run, short] of text.matchAll(/\bnpm (?:run ([a-z:]+)|(start|test)\b)/g))
      t.ok(Object.hasOwn(scripts, run ?? short ?? ''), `${path}: ${run ?? short}`)
  }
})
