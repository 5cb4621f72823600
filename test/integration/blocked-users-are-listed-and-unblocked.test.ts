/** Administrators see whom the sign-in guard blocks, and end a block: by the admin address and by command. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../../src/cli/commands.ts'
import type { CommandIo } from '../../src/cli/output.ts'
import { askAdmin, bearer, madeToken } from '../support/ask-admin.ts'
import { freePorts } from '../support/free-ports.ts'
import { type GuardedLab, startGuardedLab } from '../support/guarded-lab.ts'
import { guess, wrongFor } from '../support/guesser.ts'
import { credentialsOf } from '../support/lab-proxy.ts'

const GUARD = `signInGuard:
  perUser: { failures: 2 }
  perClient: { failures: 5 }
`

interface World extends GuardedLab {
  readonly admin: number
  /** The admin token in a file. */
  readonly tokenFile: string
}

async function open(t: Test, workers = 0, guard = GUARD): Promise<World> {
  const [admin = 0] = await freePorts(1)
  const top = `${guard}admin: { port: ${admin} }\n`
  const world = await startGuardedLab(t, { workers, top })
  const tokenFile = join(t.testdirName, 'token')
  await writeFile(tokenFile, madeToken(t, admin), { mode: 0o600 })
  return { ...world, admin, tokenFile }
}

async function say(...args: readonly string[]): Promise<{ code: number; text: string }> {
  let text = ''
  const hear = (more: string): void => {
    text += more
  }
  const io: CommandIo = { stdout: hear, stderr: hear, isTerminal: false }
  return { code: await runCommand(args, io), text }
}

const rightFor = async (t: Test, { target, lab }: World, from: string): Promise<number> =>
  (await guess(t, target(from), credentialsOf(lab, 'alice'))).status

for (const workers of [0, 1])
  t.test(`by the admin address, ${workers} workers`, async (t) => {
    const world = await open(t, workers)
    const { admin, target } = world
    for (let n = 0; n < 2; n++) await guess(t, target('127.0.8.1'), wrongFor('alice'))
    for (let n = 0; n < 5; n++) await guess(t, target('127.0.8.2'), wrongFor(`user${n}`))
    await world.line(({ msg }) => msg === 'client blocked')
    const { json } = await askAdmin(admin, 'GET /api/blocked')
    t.match(json, {
      mode: 'enforce',
      users: [{ name: 'alice', failures: 2, familiar: false, until: /^20\d\d-/ }],
      clients: [{ name: '127.0.8.2', failures: 5 }],
    })
    t.equal(await rightFor(t, world, '127.0.8.3'), 401)

    const user = 'POST /api/blocked/users/CONTOSO%5CAlice/unblock'
    t.equal((await askAdmin(admin, user)).status, 401, 'not without the token')
    const fields = [bearer(madeToken(t, admin))]
    const unblocked = await askAdmin(admin, user, fields)
    t.match(unblocked.json, { kind: 'user', name: 'alice', wasBlocked: true })
    t.equal(await rightFor(t, world, '127.0.8.3'), 200)
    const client = await askAdmin(admin, 'POST /api/blocked/clients/127.0.8.2/unblock', fields)
    t.match(client.json, { kind: 'client', name: '127.0.8.2', wasBlocked: true })
    t.equal(await rightFor(t, world, '127.0.8.2'), 200)
    const wrong = await askAdmin(admin, 'POST /api/blocked/clients/nobody/unblock', fields)
    t.equal(wrong.status, 400)
    await world.line(({ msg }) => msg === 'user unblocked by command')
    t.match((await askAdmin(admin, 'GET /api/blocked')).json, { users: [], clients: [] })
  })

t.test('by command', async (t) => {
  const world = await open(t)
  const where = ['--admin', `http://127.0.0.1:${world.admin}`, '--token-file', world.tokenFile]
  t.same(await say('blocked', ...where), { code: 0, text: 'nobody is blocked\n' })
  for (let n = 0; n < 2; n++) await guess(t, world.target(), wrongFor('alice'))
  const { text } = await say('blocked', ...where)
  t.match(text, /^KIND {2}FAILURES {2}UNTIL +WHERE +NAME\nuser +2 +\S+Z +unknown clients +alice\n$/)
  const json = await say('blocked', ...where, '--json')
  t.match(JSON.parse(json.text), { users: [{ name: 'alice' }] })
  t.same(await say('unblock', 'alice@contoso.com', ...where), {
    code: 0,
    text: 'alice is no longer blocked\n',
  })
  t.match(await say('unblock', '2001:db8::1', ...where), {
    code: 0,
    text: /^2001:db8:0:0::\/64 was not/,
  })
  t.equal((await say('unblock', ...where)).code, 2)
})

t.test('names stay out of the log where the file says so', async (t) => {
  const world = await open(t, 0, 'signInGuard: { perUser: { failures: 1 }, logNames: false }\n')
  await guess(t, world.target(), wrongFor('alice'))
  const line = await world.line(({ msg }) => msg === 'user blocked')
  t.match(line, { user: '***' })
  t.notMatch(JSON.stringify(world.lines), /alice/)
})

t.test('with blur every refusal takes its time, ours and that of the pool', async (t) => {
  const world = await open(t, 0, 'signInGuard: { perUser: { failures: 1 }, blur: 400ms }\n')
  for (const outcome of ['done', 'client-user-blocked']) {
    t.equal((await guess(t, world.target(), wrongFor('alice'))).status, 401)
    // A timer may be early by a part of a millisecond.
    await world.line((line) => line.outcome === outcome && (line.totalMs ?? 0) >= 399)
  }
  const isQuick = ({ status, totalMs = 999 }: (typeof world.lines)[number]): boolean =>
    status === 401 && totalMs < 399
  t.equal(world.lines.filter(isQuick).length, 2, 'the legs before them do not')
})
