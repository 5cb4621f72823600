/** `lyncgate demo`: what it prints works, and a signal ends it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startCommand } from '../support/command.ts'
import { freePorts } from '../support/free-ports.ts'

const run = promisify(execFile)
const curl = async (...args: readonly string[]): Promise<string> =>
  (await run('curl', ['--silent', '--show-error', '--max-time', '20', ...args])).stdout

t.test('requests and NTLM', async (t) => {
  const ports = await freePorts(4)
  const [http = 0, https = 0, health = 0, admin = 0] = ports.map(String)
  const demo = startCommand(
    t,
    'demo',
    '--http',
    String(http),
    '--https',
    String(https),
    '--health',
    String(health),
    '--admin',
    String(admin),
  )
  const text = await demo.until((stdout) => stdout.includes('root.pem') && stdout.endsWith('\n'))
  const ca = /\S+root\.pem/.exec(text)?.[0] ?? ''
  const name = `lyncweb.contoso.com:${https}`
  const secure = ['--cacert', ca, '--resolve', `${name}:127.0.0.1`]
  t.match(await curl(...secure, `https://${name}/lab/echo`), /"target":"\/lab\/echo"/)
  const ntlm = ['--ntlm', '--user', 'CONTOSO\\alice:Wonderland-7']
  t.match(
    await curl(...secure, ...ntlm, '--include', `https://${name}/lab/echo-ntlm`),
    /X-Lab-User: CONTOSO\\alice/,
  )
  const discover = `lyncdiscover.contoso.com:${http}`
  t.match(
    await curl('--resolve', `${discover}:127.0.0.1`, '--include', `http://${discover}/`),
    /^HTTP\/1\.1 200 /,
  )
  const page = `http://127.0.0.1:${admin}/`
  t.match(text, page)
  t.match(await curl(page), /<title>lyncgate status<\/title>/)
  const token = /lga_[\w-]{43}/.exec(text)?.[0] ?? ''
  const post = ['--request', 'POST', '--header', `Authorization: Bearer ${token}`]
  t.match(await curl(...post, `${page}api/reload`), /"kind":"unchanged"/)
  demo.signal('SIGTERM')
  t.equal(await demo.exited, 0)
  t.equal(demo.stderr, '')
})
