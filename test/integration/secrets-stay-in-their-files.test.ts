/** What stands in files of secrets is in no problem, no log line, no answer of the admin address and no `--json`. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../src/cli/commands.ts'
import type { CommandIo } from '../../src/cli/output.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { startRunningProxy } from '../support/running-proxy.ts'

const SECRET = 'Zm9yIG5vYm9keSBlbHNl'

async function run(...words: readonly string[]) {
  let text = ''
  const hear = (more: string): void => {
    text += more
  }
  const io: CommandIo = { stdout: hear, stderr: hear, isTerminal: false }
  return { code: await runCommand(words, io), text }
}

t.test('files that cannot be used', async (t) => {
  const authority = await createAuthority('Contoso Root')
  const own = await authority.issue({ names: ['lyncweb.contoso.com'] })
  const directory = t.testdir({
    'public.pem': own.certPem,
    // Each is wrong in its own way, and each holds the secret.
    'cut.key': `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
    'no.key': SECRET,
    'locked.key': `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${SECRET}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
    'pass.phrase': SECRET,
    'ticket.secret': SECRET,
    'admin.token': `${SECRET} with blanks`,
    'bag.pfx': SECRET,
    'lyncgate.yaml': `version: 1
listeners: [{ name: internet, http: 8080, https: 8443 }]
certificates:
  - { cert: public.pem, key: cut.key }
  - { cert: public.pem, key: no.key }
  - { cert: public.pem, key: locked.key, passphraseFile: pass.phrase }
  - { pfx: bag.pfx, passphraseFile: pass.phrase }
sessionTickets: { secret: ticket.secret }
admin: { address: 127.0.0.1, port: 9090, token: admin.token }
pools: { se01: { product: skype-se, servers: [fe01.contoso.local] } }
rules: [{ name: Web services, publish: web-services, hosts: [lyncweb.contoso.com], pool: se01 }]
`,
  })
  for (const name of [
    'cut.key',
    'no.key',
    'locked.key',
    'pass.phrase',
    'ticket.secret',
    'admin.token',
    'bag.pfx',
  ])
    await chmod(join(directory, name), 0o600)
  const file = join(directory, 'lyncgate.yaml')
  for (const words of [
    ['check', file],
    ['check', file, '--json'],
    ['run', '--config', file],
    ['certificates', file],
  ]) {
    const { code, text } = await run(...words)
    t.not(code, 0, words[0] as string)
    t.notMatch(text, SECRET)
  }
  const { text } = await run('check', file)
  for (const place of [
    'certificates[0]',
    'certificates[1]',
    'certificates[2]',
    'certificates[3]',
    'sessionTickets',
    'admin',
  ])
    t.match(text, place, `${place} was looked at`)
})

t.test('a proxy that runs', async (t) => {
  const { httpPort: server } = await startAnsweringBackend(t)
  const [adminPort = 0] = await freePorts(1)
  const token = `${SECRET}${SECRET}`
  const proxy = await startRunningProxy(t, server, 'unready: 0s, drain: 1s', {
    files: { 'admin.token': token, 'ticket.secret': `${SECRET}${SECRET}` },
    top: `admin: { address: 127.0.0.1, port: ${adminPort}, token: admin.token }
sessionTickets: { secret: ticket.secret }
log: { level: debug }
workers: 1`,
  })
  const headers = {
    Host: 'lyncweb.contoso.com',
    Authorization: `Basic ${SECRET}`,
    Cookie: `a=${SECRET}`,
  }
  await fetch(`http://127.0.0.1:${proxy.httpPort}/?ticket=${SECRET}`, { headers })
  const wrong = await fetch(`http://127.0.0.1:${adminPort}/api/v1/reload`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${SECRET}` },
  })
  const answers = [await wrong.text()]
  for (const words of [
    ['status'],
    ['status', '--json'],
    ['certificates', '--json'],
    ['reload', '--json'],
  ]) {
    const { code, text } = await run(...words, '--config', proxy.file)
    t.equal(code, 0, text)
    answers.push(text)
  }
  answers.push(await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text())
  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
  answers.push(proxy.stdout, proxy.stderr)
  t.match(proxy.stdout, '"msg":"exchange"')
  for (const text of answers) t.notMatch(text, SECRET)
})
