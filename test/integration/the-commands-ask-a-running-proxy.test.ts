/** `lyncgate run` as a process, and the commands that talk to it. */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../src/cli/commands.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startCommand } from '../support/command.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { type RecordingBackend, startRecordingBackend } from '../support/recording-backend.ts'
import { startRunningProxy } from '../support/running-proxy.ts'

interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** In this process: what is asked is another one. */
async function say(...args: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  const hear = (stream: 'stdout' | 'stderr') => (text: string) => {
    said[stream] += text
  }
  const io = { stdout: hear('stdout'), stderr: hear('stderr'), isTerminal: false }
  return { code: await runCommand(args, io), ...said }
}

const TOKEN = 'an-admin-token-of-the-file-with-more-than-32-characters'

async function start(t: Test, admin = '') {
  const backend: RecordingBackend = await startRecordingBackend(t)
  const [adminPort = 0] = await freePorts(1)
  const authority = await createAuthority('Test Root')
  const certificate = await authority.issue({ names: ['lyncgate01.contoso.com'] })
  const files = {
    'admin.pem': certificate.certPem,
    'admin.key': certificate.keyPem,
    'admin.token': TOKEN,
  }
  const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 0s, drain: 30s', {
    files,
    top: `workers: 2\nadmin: { port: ${adminPort}, ${admin} }`,
  })
  const run = (...args: readonly string[]) => say(...args, '--config', proxy.file)
  return {
    backend,
    adminPort,
    proxy,
    run,
    place: `pool01/127.0.0.1:${backend.httpPort}`,
    authority,
  }
}

t.test('status, drain, undrain, certificates, reload', async (t) => {
  const { adminPort, proxy, run, place, backend } = await start(t)
  const status = await run('status')
  t.match(status, { code: 0, stderr: '' })
  t.match(status.stdout, /^POOL +SERVER +WEIGHT/m)
  t.match(
    status.stdout,
    new RegExp(`^pool01 +127.0.0.1:${backend.httpPort} +1 +0 +0 +no +unchecked$`, 'm'),
  )
  t.match(JSON.parse((await run('status', '--json')).stdout), { ready: true, file: proxy.file })

  const metrics = await fetch(`http://127.0.0.1:${adminPort}/metrics`)
  t.match(await metrics.text(), /^lyncgate_workers_up 2$/m)
  const drained = await run('drain', place, '--wait')
  t.match(drained, { code: 0, stdout: new RegExp(`\n${place} drains: it is empty\n$`) })
  t.match(drained.stderr, 'no server of pool01 takes new clients')
  t.match((await run('status')).stdout, 'by command, empty')
  t.match(await run('undrain', place), { code: 0, stdout: `${place} takes clients again\n` })
  t.match(await run('drain', 'pool02/x'), {
    code: 1,
    stderr: /unknown-pool[\s\S]*hint: pools: pool01/,
  })
  t.match(await run('certificates'), {
    code: 0,
    stdout: /no certificates\n.*no name is published with HTTPS/s,
  })

  t.match(await run('reload'), { code: 0, stdout: /^nothing has changed/ })
  const text = await readFile(proxy.file, 'utf8')
  await writeFile(proxy.file, text.replace('pool: pool01', 'pool: pool02'))
  const bad = await run('reload')
  t.equal(bad.code, 1)
  t.equal(bad.stdout, (await say('check', proxy.file)).stdout, 'as check says it')
  t.match((await run('status')).stdout, /last reload +failed/)
  await writeFile(proxy.file, text.replace('hosts: [', 'hosts: [new.example, '))
  const good = await run('reload', '--json')
  t.equal(good.code, 0)
  t.match(JSON.parse(good.stdout), { revision: 2 })
  t.notMatch(proxy.stdout, 'lga_', 'the token is not in the log')
})

t.test('drain --wait comes back when the last one has gone', async (t) => {
  const { proxy, run, place, backend } = await start(t)
  const client = await connectRaw({ port: proxy.httpPort })
  client.send(`GET /poll HTTP/1.1\r\n${HOST}\r\n\r\n`)
  const server = await backend.connection(0)
  await server.until((text) => text.includes('\r\n\r\n'))

  t.match(await run('drain', place, '--wait', '--timeout', '1500ms'), {
    code: 3,
    stdout: /drains: in progress 1, signed in 0\n$/,
    stderr: /the time is over/,
  })
  const waiting = startCommand(t, 'drain', place, '--wait', '--config', proxy.file)
  await waiting.until((stdout) => stdout.includes('in progress 1'))
  server.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  t.equal((await client.read()).status, 200)
  t.equal(await waiting.exited, 0)
  t.match(waiting.stdout, /in progress 1[\s\S]*it is empty\n$/)
  await proxy.until((stdout) => stdout.includes('"msg":"server is drained"'))
  client.close()
})

t.test('with a token and TLS of the file', async (t) => {
  const { adminPort, proxy, run, place, authority } = await start(
    t,
    'token: admin.token, tls: { cert: admin.pem, key: admin.key }',
  )
  t.match(await run('drain', place), { code: 0 }, 'file and certificate come from the rules file')
  t.match(await run('certificates'), { code: 0, stdout: /administrators .*lyncgate01.contoso.com/ })
  const tokenFile = ['--token-file', join(proxy.file, '../admin.token')]
  const other = await say('status', '--admin', `https://localhost:${adminPort}`, ...tokenFile)
  t.match(other, { code: 1, stderr: /certificate of localhost.* is not good/ })
  const caFile = join(proxy.file, '../root.pem')
  await writeFile(caFile, authority.certificatePem)
  const url = `https://127.0.0.1:${adminPort}`
  const named = await say('status', '--admin', url, '--ca', caFile, ...tokenFile)
  t.match(named, { code: 1, stderr: /ERR_TLS_CERT_ALTNAME_INVALID/ }, 'the name counts')
  const plain = await say('status', '--admin', `http://127.0.0.1:${adminPort}`)
  t.match(plain, { code: 1, stderr: /does it speak HTTPS instead/ })

  const fake = await authority.issue({ names: ['lyncgate01.contoso.com'] })
  await writeFile(join(proxy.file, '../shown.pem'), fake.certPem)
  const text = await readFile(proxy.file, 'utf8')
  const file = join(proxy.file, '../other.yaml')
  await writeFile(file, text.replace('admin.pem', 'shown.pem'))
  const pinned = await say('drain', place, '--config', file)
  t.match(pinned, { code: 1, stderr: /another certificate/ }, 'exactly the certificate of the file')
})

t.test('nobody there, or somebody else', async (t) => {
  const [port = 0] = await freePorts(1)
  const nobody = await say('status', '--admin', `http://127.0.0.1:${port}`)
  t.equal(nobody.code, 1)
  t.match(nobody.stderr, `no lyncgate answers at 127.0.0.1:${port}: is it running`)
  t.equal(nobody.stdout, '')

  let asked = ''
  const other = createServer((request, response) => {
    asked = JSON.stringify(request.headers)
    response.end('<html>')
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void other.close())
  const { port: otherPort } = other.address() as { port: number }
  const somebody = await say('status', '--admin', `http://127.0.0.1:${otherPort}`)
  t.match(somebody, { code: 1, stderr: /is no lyncgate/ })
  t.notMatch(asked, /authorization/i)

  t.match(await say('status', '--admin', 'http://192.0.2.1:9090'), {
    code: 2,
    stderr: /unencrypted/,
  })
  t.match(await say('drain', '--admin', `http://127.0.0.1:${port}`), {
    code: 2,
    stderr: /usage: /,
  })
  t.match(await say('status', '--config', '/nowhere.yaml'), {
    code: 2,
    stderr: /does not exist/,
  })
  t.match(await say('status', '--timeout', '5s'), { code: 2 })
})
