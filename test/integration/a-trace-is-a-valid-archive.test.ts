/** `lyncgate trace`: both sides of what one client does, over all workers, as HAR 1.2 without a secret in it. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startCommand } from '../support/command.ts'
import { freePorts } from '../support/free-ports.ts'
import { type HarEntryRead, readHar } from '../support/har-schema.ts'
import { HOST } from '../support/lab-proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { startRunningProxy } from '../support/running-proxy.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

// Processes start slowly on a busy machine.
t.setTimeout(240_000)

const SECRET = 'Z2VoZWltZXMgR2VoZWltbmlz'
/** "NTLMSSP", type 3, and what would be the user's answer. */
const NTLM_3 = Buffer.concat([
  Buffer.from('NTLMSSP\0\u0003\0\0\0', 'latin1'),
  Buffer.from(SECRET, 'base64'),
]).toString('base64')

async function start(t: Test, backendPort: number, more = '') {
  const [adminPort = 0] = await freePorts(1)
  const proxy = await startRunningProxy(t, backendPort, 'unready: 0s, drain: 1s', {
    top: `workers: 2\nadmin: { port: ${adminPort} }\n${more}`,
  })
  const har = join(proxy.file, '..', 'out.har')
  return { proxy, har, adminPort }
}

/** Starts the command and waits until the proxy traces. */
async function startTrace(
  t: Test,
  { proxy, har }: Awaited<ReturnType<typeof start>>,
  ...more: readonly string[]
) {
  const before = proxy.stdout.split('"msg":"trace begins"').length
  const args = ['--client', '127.0.0.1', '--har', har, '--config', proxy.file, ...more]
  const command = startCommand(t, 'trace', ...args)
  await proxy.until((stdout) => stdout.split('"msg":"trace begins"').length > before)
  /** Ctrl-C, and what was written. */
  const end = async () => {
    command.signal('SIGINT')
    t.equal(await command.exited, 0, command.stderr)
    return readArchive(t, har)
  }
  return { command, end }
}

async function readArchive(t: Test, file: string) {
  const text = await readFile(file, 'utf8')
  const { entries, problems } = readHar(text)
  t.same(problems, [])
  return {
    text,
    clients: entries.filter(({ pageref }) => pageref === 'client'),
    servers: entries.filter(({ pageref }) => pageref === 'server'),
  }
}

const fieldsOf = (
  entry: HarEntryRead | undefined,
  side: 'request' | 'response',
  name: string,
): readonly string[] =>
  (entry?.[side].headers ?? []).filter((each) => each.name === name).map(({ value }) => value)

t.test('both sides, and no secret', async (t) => {
  const answer =
    `HTTP/1.1 401 Unauthorized\r\nContent-Length: ${SECRET.length}\r\nContent-Type: text/plain\r\n` +
    `Set-Cookie: sid=${SECRET}; path=/; HttpOnly\r\nWWW-Authenticate: NTLM ${NTLM_3}\r\n` +
    `Location: /a?token=${SECRET}\r\n\r\n${SECRET}`
  const backend = await startAnsweringBackend(t, answer)
  const own = await start(t, backend.httpPort)
  const trace = await startTrace(t, own)
  const fields = [
    `Authorization: NTLM ${NTLM_3}`,
    `Cookie: a=${SECRET}; b=${SECRET}`,
    `X-MS-WebTicket: opaque=${SECRET}`,
    `Proxy-Authorization: Basic ${SECRET}`,
    `X_Auth_Token: ${SECRET}`,
    `Referer: https://x.example/?ticket=${SECRET}`,
    'User-Agent: trace test',
  ]
  // More connections than one worker gets by chance.
  for (let i = 0; i < 12; i++) {
    const client = await connectRaw({ port: own.proxy.httpPort })
    const { status } = await client.request(`GET /a?ticket=${SECRET}&n=${i}`, [HOST, ...fields])
    t.equal(status, 401)
    client.close()
  }
  const { text, clients, servers } = await trace.end()
  t.equal(clients.length, 12)
  t.equal(servers.length, 12)
  t.notMatch(text, SECRET)
  t.notMatch(text, NTLM_3)
  t.notMatch(text, '/out.har')
  const [client] = clients
  const [server] = servers
  t.equal(client?.request.url, 'http://lyncweb.contoso.com/a?ticket=***&n=0')
  t.same(client?.request.queryString, [
    { name: 'ticket', value: '***' },
    { name: 'n', value: '0' },
  ])
  t.same(client?.request.cookies, [
    { name: 'a', value: '***' },
    { name: 'b', value: '***' },
  ])
  t.match(client?.response.cookies[0], { name: 'sid', value: '***', path: '/', httpOnly: true })
  t.same(fieldsOf(client, 'request', 'Authorization'), ['NTLM *** (NTLM message 3)'])
  t.same(fieldsOf(client, 'response', 'WWW-Authenticate'), ['NTLM *** (NTLM message 3)'])
  t.same(fieldsOf(client, 'response', 'Location'), ['/a?token=***'])
  t.same(fieldsOf(client, 'request', 'X-MS-WebTicket'), ['***'])
  t.same(fieldsOf(client, 'request', 'X-Forwarded-For'), [], 'what the client sent')
  t.same(fieldsOf(server, 'request', 'X-Forwarded-For'), ['127.0.0.1'], 'what the server got')
  t.same(fieldsOf(server, 'request', 'Proxy-Authorization'), [])
  t.equal(fieldsOf(client, 'response', 'Set-Cookie').length, 2, 'with our affinity cookie')
  t.equal(fieldsOf(server, 'response', 'Set-Cookie').length, 1)
  t.equal(server?.request.url, `http://127.0.0.1:${backend.httpPort}/a?ticket=***&n=0`)
  t.equal(server?.serverIPAddress, '127.0.0.1')
  t.match(client?._lyncgate, {
    rule: 'Web',
    pool: 'pool01',
    affinity: 'balance',
    pinned: true,
    outcome: 'done',
    backendConnection: 'new',
    decision: { kind: 'forward', publish: 'anything', policy: 'serve' },
    attempts: [{ outcome: 'connected', source: 'balance' }],
  })
  t.equal((await stat(own.har)).mode & 0o777, 0o600)
})

t.test('refused requests, upgrades, servers that fail and polls in progress', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.includes('Sec-WebSocket-Key')) socket.write(switching('X-From: server'))
  })
  const own = await start(t, backend.httpPort, 'limits: { body: 64KiB }')
  const trace = await startTrace(t, own)
  const ask = async (request: string, until: string | RegExp): Promise<void> => {
    const client = await openRawClient(t, { port: own.proxy.httpPort })
    client.send(request)
    await client.until((text) => text.match(until) !== null)
    client.socket.end()
  }
  await ask('GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', /^HTTP\/1\.1 421 /)
  await ask(`GET /x HTTP/1.1\r\n${HOST}\r\n${HOST}\r\n\r\n`, /^HTTP\/1\.1 400 /)
  await ask(`POST /big HTTP/1.1\r\n${HOST}\r\nContent-Length: 70000\r\n\r\n`, /^HTTP\/1\.1 413 /)
  const tunnel = await openRawClient(t, { port: own.proxy.httpPort })
  tunnel.send(upgradeRequest('/ws'))
  await tunnel.until((text) => text.includes('X-From: server'))
  tunnel.socket.destroy()
  const poll = await openRawClient(t, { port: own.proxy.httpPort })
  poll.send(`GET /poll?waits=on HTTP/1.1\r\n${HOST}\r\n\r\n`)
  await backend
    .connection(1)
    .then((connection) => connection.until((text) => text.includes('/poll')))
  await own.proxy.until((stdout) => stdout.includes('"target":"/ws"'))
  const { clients, servers } = await trace.end()
  const seen = clients.map(({ request, response, _lyncgate }) => [
    new URL(request.url).pathname,
    response.status,
    _lyncgate?.['outcome'],
  ])
  t.same(
    new Set(seen.map(String)),
    new Set([
      '/,421,client-not-published',
      '/x,400,client-host-missing',
      '/big,413,client-body-too-large',
      '/ws,101,done',
      '/poll,0,in-progress',
    ]),
  )
  t.same(servers.map(({ request }) => new URL(request.url).pathname).sort(), ['/poll', '/ws'])
  const refused = clients.find(({ response }) => response.status === 421)
  t.equal(fieldsOf(refused, 'response', 'X-Lyncgate-Request-Id').length, 1)
  t.match(refused?._lyncgate, { backendConnection: 'none', attempts: [] })
  const open = clients.find(({ request }) => request.url.includes('poll'))
  t.match(open?.comment, /still in progress/)
  poll.socket.destroy()
})

t.test('bodies on request, without what is called a secret', async (t) => {
  const xml = `<Envelope><Password Type="x">${SECRET}</Password><Token><![CDATA[${SECRET}]]></Token><Name>alice</Name></Envelope>`
  const json = `{"password":"${SECRET}","user":"alice"}`
  const backend = await startAnsweringBackend(
    t,
    `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`,
  )
  const own = await start(t, backend.httpPort)
  const trace = await startTrace(t, own, '--bodies')
  t.match(trace.command.stderr, /warning: bodies/)
  const client = await connectRaw({ port: own.proxy.httpPort })
  await client.request('POST /ticket', [HOST, 'Content-Type: text/xml'], xml)
  await client.request('POST /blob', [HOST, 'Content-Type: image/png'], xml)
  client.close()
  await own.proxy.until((stdout) => stdout.includes('"target":"/blob"'))
  const { text, clients } = await trace.end()
  t.notMatch(text, SECRET)
  t.equal(clients[0]?.request.postData?.text.includes('<Name>alice</Name>'), true)
  t.equal(clients[0]?.response.content.text, '{"password":"***","user":"alice"}')
  t.match(clients[1]?.request.postData, { text: '', comment: 'no text' })
})

t.test('a trace is about its client alone, and ends with its command', async (t) => {
  const backend = await startAnsweringBackend(t)
  const own = await start(t, backend.httpPort)
  const other = await startTrace(t, own, '--client', '192.0.2.0/24')
  const hosts = await startTrace(t, own, '--client', '::ffff:127.0.0.0/104', '--host', 'no.example')
  const client = await connectRaw({ port: own.proxy.httpPort })
  await client.request('GET /', [HOST])
  client.close()
  await own.proxy.until((stdout) => stdout.includes('"msg":"exchange"'))
  t.equal((await other.end()).clients.length, 0)
  t.equal((await hosts.end()).clients.length, 0)
  // Killed: nobody reads any more.
  const killed = await startTrace(t, own)
  killed.command.signal('SIGKILL')
  await own.proxy.until((stdout) => /"why":"gone".*"msg":"trace ends"/.test(stdout))
  t.match(own.proxy.stdout, /"why":"command".*"msg":"trace ends"/)
})

t.test('a worker that is replaced joins', async (t) => {
  const backend = await startAnsweringBackend(t)
  const own = await start(t, backend.httpPort)
  const trace = await startTrace(t, own)
  const pids = [...own.proxy.stdout.matchAll(/"pid":(\d+),"msg":"worker serves"/g)]
  t.equal(pids.length, 2)
  for (const [, pid] of pids) process.kill(Number(pid), 'SIGKILL')
  await own.proxy.until((stdout) => stdout.split('"msg":"worker serves"').length === 5)
  for (let i = 0; i < 8; i++) {
    const client = await connectRaw({ port: own.proxy.httpPort })
    t.equal((await client.request(`GET /${i}`, [HOST])).status, 200)
    client.close()
  }
  t.equal((await trace.end()).clients.length, 8)
})
