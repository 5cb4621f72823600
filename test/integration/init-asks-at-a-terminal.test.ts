/** The real prompts through a pseudo-terminal: script(1) lends one. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import t, { type Test } from 'tap'
import { requireProgram } from '../support/real-programs.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

interface Terminal {
  /** Waits for a question that was not there before, then types. */
  readonly answer: (question: string, keys: string) => Promise<void>
  readonly exited: Promise<number | null>
  readonly screen: () => string
}

function startAtTerminal(t: Test, out: string): Terminal {
  const words = [process.execPath, main, 'init', '--out', out].map((word) => `'${word}'`)
  // A terminal out of nothing has no width.
  const command = `stty cols 100 rows 40; exec ${words.join(' ')}`
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  let screen = ''
  let isOver = false
  let look = (): void => {}
  child.stdout.on('data', (bytes: Buffer) => {
    screen += bytes.toString()
    look()
  })
  const exited = once(child, 'close').then(([code]) => {
    isOver = true
    look()
    return code as number | null
  })
  return {
    exited,
    screen: () => stripVTControlCharacters(screen),
    answer: (question, keys) =>
      new Promise((resolve, reject) => {
        look = () => {
          const text = stripVTControlCharacters(screen)
          if (isOver) reject(new Error(`it ended before "${question}":\n${text}`))
          if (!text.includes(question)) return
          look = () => {}
          child.stdin.write(keys)
          resolve()
        }
        look()
      }),
  }
}

t.test('a person answers and has a rules file', async (t) => {
  if (!requireProgram(t, 'script', 'bsdutils')) return
  const out = join(t.testdir({}), 'lyncgate.yaml')
  const terminal = startAtTerminal(t, out)
  await terminal.answer('SIP domains of your users', 'contoso.com\r')
  await terminal.answer('Version of the servers', '\u001b[B\r')
  await terminal.answer('Front End servers of the pool', 'not a name!\r')
  await terminal.answer('is not a host name', '\u0015se01.contoso.local\r')
  await terminal.answer('Internal name of the pool', '\r')
  await terminal.answer('External web services FQDN', '\r')
  await terminal.answer('Directors, each by its own name', '\r')
  await terminal.answer('Names for meetings', '\r')
  await terminal.answer('Name for dial-in conferencing', 'call.contoso.com\r')
  await terminal.answer('Office Web Apps Server', '\r')
  t.equal(await terminal.exited, 0, terminal.screen())
  const rules = readFileSync(out, 'utf8')
  t.match(rules, 'product: skype-2015', 'the arrow chose the second version')
  t.match(rules, 'servers: [se01.contoso.local]')
  t.match(rules, 'hosts: [lyncweb.contoso.com]', 'the default was taken')
  t.match(rules, 'hosts: [call.contoso.com]')
  t.match(terminal.screen(), 'Certificate to order')
})

t.test('a person changes their mind, and nothing is written', async (t) => {
  if (!requireProgram(t, 'script', 'bsdutils')) return
  const out = join(t.testdir({}), 'lyncgate.yaml')
  const terminal = startAtTerminal(t, out)
  await terminal.answer('SIP domains of your users', 'contoso.com\r')
  await terminal.answer('Version of the servers', '\u0003')
  t.equal(await terminal.exited, 1, terminal.screen())
  t.match(terminal.screen(), 'cancelled, nothing was written')
  t.notOk(existsSync(out))
})
