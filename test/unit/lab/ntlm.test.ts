import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { connectRaw, type RawClient } from '../../../src/lab/raw-client.ts'
import { labUsers } from '../../../src/lab/users.ts'
import { createNegotiate, signIn } from '../../../src/ntlm/ntlm-client.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01, fe02] = lab.pool
const tls = { ca: lab.authority.certificatePem, serverName: 'fe01.contoso.local' }
const [alice, bob] = labUsers.map((user) => ({ ...user, user: user.name }))
if (!alice || !bob) throw new Error('the lab has lost its users')

const connect = () => connectRaw({ port: fe01.httpsPort, tls })
const get = (client: RawClient, authorization?: string) =>
  client.request('GET /abs/handler', [
    'Host: lyncweb.contoso.com',
    ...(authorization ? [`Authorization: ${authorization}`] : []),
  ])

t.test('both schemes are offered, each on a line of its own', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const response = await get(client)
  t.equal(response.status, 401)
  t.same(response.all('WWW-Authenticate'), ['Negotiate', 'NTLM'])
})

for (const scheme of ['NTLM', 'Negotiate'] as const) {
  t.test(`${scheme}: the connection is the user's until it closes`, async (t) => {
    const client = await connect()
    t.teardown(() => client.close())
    const response = await signIn((value) => get(client, value), alice, scheme)
    t.equal(response.status, 200)
    t.equal(response.header('Persistent-Auth'), 'true')
    t.equal(response.header('X-Lab-User'), 'CONTOSO\\alice')
    const next = await get(client)
    t.equal(next.status, 200)
    t.equal(next.header('X-Lab-User'), 'CONTOSO\\alice')

    const other = await connect()
    t.teardown(() => other.close())
    t.equal((await get(other)).status, 401, 'and nobody else’s')
  })
}

t.test('two users interleaved stay who they are', async (t) => {
  const [first, second] = [await connect(), await connect()]
  t.teardown(() => first.close())
  t.teardown(() => second.close())
  const [one, two] = await Promise.all([
    signIn((value) => get(first, value), alice),
    signIn((value) => get(second, value), bob),
  ])
  t.equal(one.header('X-Lab-User'), 'CONTOSO\\alice')
  t.equal(two.header('X-Lab-User'), 'CONTOSO\\bob')
  t.not(one.header('X-Lab-Connection'), two.header('X-Lab-Connection'))
})

t.test('a type 3 on another connection than its type 2 fails', async (t) => {
  const [first, second] = [await connect(), await connect()]
  t.teardown(() => first.close())
  t.teardown(() => second.close())
  const clients = [first, second]
  const response = await signIn((value) => get(clients.shift() ?? first, value), alice)
  t.equal(response.status, 401)
  t.equal((await get(second)).status, 401)
})

t.test('a challenge counts once, and signing in anew forgets who was there', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  let used = ''
  await signIn((value) => {
    used = value
    return get(client, value)
  }, alice)
  t.equal((await get(client, used)).status, 401, 'the same type 3 again')
  await signIn((value) => get(client, value), alice)
  await get(client, `NTLM ${createNegotiate().toString('base64')}`)
  const response = await get(client)
  t.equal(response.status, 401)
  t.equal(response.header('X-Lab-User'), undefined)
})

t.test('a wrong password and nonsense get a 401, and the connection stays', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const wrong = await signIn((value) => get(client, value), { ...alice, password: 'guess' })
  t.equal(wrong.status, 401)
  t.same(wrong.all('WWW-Authenticate'), ['Negotiate', 'NTLM'])
  for (const nonsense of [
    'NTLM !',
    'NTLM TlRMTVNTUAAD',
    'Negotiate YIIabc',
    'NTLM',
    'Basic YTpi',
  ]) {
    t.equal((await get(client, nonsense)).status, 401, nonsense)
  }
  t.equal((await signIn((value) => get(client, value), alice)).status, 200)
})

t.test('a body that comes with a 401 is read, so that the connection stays usable', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const post = (value: string) =>
    client.request(
      'POST /lab/echo-ntlm',
      ['Host: lyncweb.contoso.com', `Authorization: ${value}`],
      Buffer.alloc(200_000, 1),
    )
  const response = await signIn(post, alice)
  t.match(JSON.parse(response.body.toString()), { body: { bytes: 200_000 } })
})

t.test('curl signs in, two users interleaved, on each server', async (t) => {
  const run = promisify(execFile)
  async function curl(user: { name: string; password: string }, port: number) {
    const { stdout } = await run('curl', [
      ...['--silent', '--ntlm', '--user', `CONTOSO\\${user.name}:${user.password}`],
      ...[
        '--write-out',
        '%{http_code} %header{x-lab-user} %{num_connects}',
        '--output',
        '/dev/null',
      ],
      ...['--data-binary', 'hello', `http://127.0.0.1:${port}/lab/echo-ntlm`],
    ])
    return stdout
  }
  const ports = [fe01.httpPort, fe02.httpPort, fe01.httpPort]
  const found = await Promise.all(ports.flatMap((port) => [curl(alice, port), curl(bob, port)]))
  for (const [index, line] of found.entries()) {
    t.equal(line, `200 CONTOSO\\${index % 2 === 0 ? 'alice' : 'bob'} 1`)
  }
  t.match(await curl({ name: 'alice', password: 'wrong' }, fe01.httpPort), /^401 /)
})
