/**
 * Each file in preflight/ is a world (see test/support/preflight-world.ts), a line of dashes, and calls of
 * `lyncgate preflight` with what is printed, indented. The seeds' own examples are among them, contradictions included.
 * A new test is a new file with calls only; `node test/golden/preflight.test.ts --write` fills in what is printed now, to
 * be read before it is committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import type { CommandIo } from '../../src/cli/output.ts'
import { formatReport } from '../../src/cli/preflight-report.ts'
import { parseRules } from '../../src/config/load.ts'
import { cwaFamily } from '../../src/preflight/cwa.ts'
import { federationFamily } from '../../src/preflight/federation.ts'
import { lcsFamily } from '../../src/preflight/lcs.ts'
import { type Family, runPreflight } from '../../src/preflight/run-preflight.ts'
import { publishedNames } from '../../src/preflight/web/published-name.ts'
import { webServicesFamily } from '../../src/preflight/web/web-services.ts'
import { createWorld } from '../support/preflight-world.ts'
import { createSipAuthority } from '../support/sip-certificates.ts'

const directory = new URL('preflight/', import.meta.url)
const dashes = '-'.repeat(80)
const isWriting = process.argv.includes('--write')
const authority = await createSipAuthority()

const families: Readonly<Record<string, (name: string) => Family>> = {
  federation: federationFamily,
  lcs: lcsFamily,
  cwa: (host) => cwaFamily({ host, port: 443 }),
  web: (example) => webFamily(example),
}

/** What an example in config/ publishes. */
function webFamily(example: string): Family {
  const file = new URL(`../../config/${example}`, import.meta.url)
  const loaded = parseRules(readFileSync(file, 'utf8'), file.pathname)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const names = publishedNames(loaded.value.rules)
  return webServicesFamily({ title: example, names, address: undefined })
}

for (const name of readdirSync(directory).filter((each) => each.endsWith('.golden'))) {
  t.test(name, async (t) => {
    const file = new URL(name, directory)
    const [input = '', expected = ''] = readFileSync(file, 'utf8').split(`${dashes}\n`)
    const calls = expected.split('\n').filter((line) => /^\S/.test(line))
    t.ok(calls.length > 0, 'there are calls')
    let printed = ''
    for (const call of calls) {
      const said = await preflight(input, call)
      printed += `${printed === '' ? '' : '\n'}${call}\n${said.replace(/^(?=.)/gm, '  ')}`
    }
    if (isWriting) writeFileSync(file, `${input}${dashes}\n${printed}`)
    else t.equal(printed, expected)
  })
}

/** What the command prints for `federation contoso.com`, `lcs contoso.com lan` or `web single-server.yaml`. */
async function preflight(input: string, call: string): Promise<string> {
  const [check = '', target = '', from = 'internet'] = call.split(' ')
  const family = families[check]?.(target)
  if (!family) throw new Error(`no check ${check}`)
  const world = await createWorld(input, authority)
  const io: CommandIo = { stdout: () => {}, stderr: () => {}, isTerminal: false }
  const report = await runPreflight(
    family,
    { ...world, from: from === 'lan' ? 'lan' : 'internet' },
    () => {},
  )
  return formatReport(report, io)
}
