/**
 * Each file in explain/ is a rules file, a line of dashes, and calls of `lyncgate explain` with what is printed, indented.
 * The comment `# certificate:` in the first line names what the public certificate covers. A new test is a new file with
 * calls only; `node test/golden/explain.test.ts --write` fills in what is printed now, to be read before it is committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runExplain } from '../../src/cli/explain.ts'
import type { CommandIo } from '../../src/cli/output.ts'
import { createAuthority } from '../../src/lab/authority.ts'

const directory = new URL('explain/', import.meta.url)
const dashes = '-'.repeat(80)
const isWriting = process.argv.includes('--write')
const authority = await createAuthority('Test Root')

for (const name of readdirSync(directory).filter((each) => each.endsWith('.golden'))) {
  t.test(name, async (t) => {
    const file = new URL(name, directory)
    const [input = '', expected = ''] = readFileSync(file, 'utf8').split(`${dashes}\n`)
    const names = /^# certificate: (.*)$/m.exec(input)?.[1]?.split(', ') ?? ['lyncweb.contoso.com']
    const certificate = await authority.issue({ names })
    const place = t.testdir({
      'rules.yaml': input,
      'public.pem': certificate.certPem,
      'public.key': certificate.keyPem,
    })
    const calls = expected.split('\n').filter((line) => /^\S/.test(line))
    t.ok(calls.length > 0, 'there are calls')
    let printed = ''
    for (const call of calls) {
      const said = await explain([join(place, 'rules.yaml'), ...call.split(' ')])
      printed += `${printed === '' ? '' : '\n'}${call}\n${said.replace(/^(?=.)/gm, '  ')}`
    }
    if (isWriting) writeFileSync(file, `${input}${dashes}\n${printed}`)
    else t.equal(printed, expected)
  })
}

/** What the command prints; certificates are as young as the test. */
async function explain(args: readonly string[]): Promise<string> {
  let text = ''
  const hear = (more: string): void => {
    text += more
  }
  const io: CommandIo = { stdout: hear, stderr: hear, isTerminal: false }
  await runExplain(args, io)
  return text.replace(/until \d{4}-\d\d-\d\d/g, 'until DATE')
}
