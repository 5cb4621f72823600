/** Completion scripts, asked in the real shells. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { commandTexts } from '../../../src/cli/commands.ts'
import { shells } from '../../../src/cli/completion.ts'
import { outlineCommands } from '../../../src/cli/outline.ts'
import { say } from '../../support/init-check.ts'
import { requireProgram } from '../../support/real-programs.ts'

async function scriptFile(t: Test, shell: string): Promise<string> {
  const { code, stdout } = await say('completion', shell)
  t.equal(code, 0)
  const file = join(t.testdir({ 'some file.yaml': '', folder: {} }), 'script')
  writeFileSync(file, stdout)
  return file
}

t.test('every option of every usage line is known, with the kind of its value', async (t) => {
  const outlines = outlineCommands(commandTexts())
  const init = outlines.find(({ name }) => name === 'init')
  t.same(init?.options, [
    { name: '--topology', value: 'FILE' },
    { name: '--pool', value: 'NAME' },
    { name: '--out', value: 'FILE' },
    { name: '--force', value: undefined },
    { name: '--json', value: undefined },
  ])
  for (const { name, options } of outlines) {
    const { usage } = commandTexts()[name] ?? { usage: '' }
    t.equal(options.length, usage.split('--').length - 1, name)
  }
})

t.test('bash completes commands, options and files', async (t) => {
  if (!requireProgram(t, 'bash', 'bash')) return
  const script = await scriptFile(t, 'bash')
  const complete = (...words: readonly string[]): readonly string[] => {
    const printAll = `printf '%s\\n' "\${COMPREPLY[@]}"`
    const code = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lyncgate; ${printAll}`
    const args = ['--norc', '-c', code, 'bash', script, 'lyncgate', ...words]
    return execFileSync('bash', args, { cwd: join(script, '..'), encoding: 'utf8' })
      .trim()
      .split('\n')
      .sort()
  }
  t.same(complete('in'), ['init'])
  t.same(complete('init', '--to'), ['--topology'])
  t.same(complete('init', '--topology', 'so'), ['some file.yaml'])
  t.same(complete('init', '--pool', ''), [''], 'nobody knows the pools')
  t.same(complete('completion', ''), [...shells].sort())
  t.same(complete('check', 's'), ['script', 'some file.yaml'])
  t.same(complete('no-such-command', ''), [''])
})

t.test('fish completes commands, options and files', async (t) => {
  if (!requireProgram(t, 'fish', 'fish')) return
  const script = await scriptFile(t, 'fish')
  const complete = (line: string): readonly string[] =>
    execFileSync(
      'fish',
      ['--no-config', '-c', `source ${script}; complete --do-complete '${line}'`],
      {
        cwd: join(script, '..'),
        encoding: 'utf8',
      },
    )
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0] ?? '')
      .sort()
  t.same(complete('lyncgate in'), ['init'])
  t.same(complete('lyncgate init --to'), ['--topology'])
  t.same(complete('lyncgate init --topology so'), ['some file.yaml'])
  t.same(complete('lyncgate completion '), [...shells].sort())
})

t.test('zsh reads its script', async (t) => {
  if (!requireProgram(t, 'zsh', 'zsh')) return
  const script = await scriptFile(t, 'zsh')
  const code = `autoload -U compinit; compinit -D -u; source ${script}; print -r -- $_comps[lyncgate]`
  t.equal(execFileSync('zsh', ['-f', '-c', code], { encoding: 'utf8' }).trim(), '_lyncgate')
})

t.test('powershell gets every command, and another shell an answer', async (t) => {
  const { stdout } = await say('completion', 'powershell')
  for (const { name } of outlineCommands(commandTexts())) t.match(stdout, `    '${name}' = @(`)
  for (const args of [[], ['tcsh'], ['bash', 'more']]) {
    const { code, stderr } = await say('completion', ...args)
    t.equal(code, 2)
    t.match(stderr, /one of bash, zsh, fish, powershell/)
  }
})
