/** TLS sessions are resumed by whoever has the same secret and serves the same names, and by nobody else. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

const NAME = 'lyncweb.contoso.com'
const OTHER = 'meet.contoso.com'

interface Files {
  readonly [name: string]: string
}

/** A replica with files of its own. @param tickets the section of the rules file, or nothing */
async function startReplica(t: Test, files: Files, tickets: string, rule = '') {
  const backend = await startAnsweringBackend(t)
  const [port = 0] = await freePorts(1)
  const rules = rulesText({
    listeners: [`{ name: internet, address: 127.0.0.1, https: ${port} }`],
    pools: { pool01: [backend] },
    rules: [
      `{ name: Web, publish: anything, hosts: [${NAME}], pool: pool01 }`,
      `{ name: Meet, publish: anything, hosts: [${OTHER}], pool: pool01${rule} }`,
    ],
    top: tickets,
  }).replace('[{ cert: public.pem, key: public.key }]', '[{ cert: same.pem, key: same.key }]')
  const { reloader, change } = await startReloadingProxy(t, { rules, files })
  return { port, rules, reloader, change }
}

async function filesFor(): Promise<Files> {
  const authority = await createAuthority('Test Root')
  const { certPem, keyPem } = await authority.issue({ names: [NAME, OTHER] })
  return {
    'same.pem': certPem,
    'same.key': keyPem,
    'ticket.secret': randomBytes(16).toString('hex'),
  }
}

const open = async (port: number, version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer) => {
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    servername: NAME,
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
    ...(session ? { session } : {}),
  })
  let ticket: Buffer | undefined
  socket.on('session', (bytes: Buffer) => {
    ticket = bytes
  })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  const isResumed = socket.isSessionReused()
  // In TLS 1.3 tickets follow the handshake: an answer shows that they have come.
  socket.write('GET / HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  return { isResumed, ticket }
}

const SECRET = 'sessionTickets: { secret: ticket.secret }'

t.test('two replicas with one secret', async (t) => {
  const files = await filesFor()
  const [one, two] = [await startReplica(t, files, SECRET), await startReplica(t, files, SECRET)]
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { ticket, isResumed } = await open(one.port, version)
    t.notOk(isResumed)
    t.ok((await open(one.port, version, ticket)).isResumed, `${version}, where it was made`)
    t.ok((await open(two.port, version, ticket)).isResumed, `${version}, on the other one`)
  }
})

t.test('another secret, other certificates, other refused names: a full handshake', async (t) => {
  const files = await filesFor()
  const { ticket } = await open((await startReplica(t, files, SECRET)).port, 'TLSv1.3')
  const secret = { ...files, 'ticket.secret': randomBytes(16).toString('hex') }
  const otherSecret = await startReplica(t, secret, SECRET)
  const { 'ticket.secret': kept = '' } = files
  const otherFiles = { ...(await filesFor()), 'ticket.secret': kept }
  const otherCertificate = await startReplica(t, otherFiles, SECRET)
  const otherNames = await startReplica(t, files, SECRET, ', https: refuse')
  for (const [what, { port }] of Object.entries({ otherSecret, otherCertificate, otherNames }))
    t.notOk((await open(port, 'TLSv1.3', ticket)).isResumed, what)
})

t.test('keys change with time, and with the file', async (t) => {
  const files = await filesFor()
  const replica = await startReplica(
    t,
    files,
    'sessionTickets: { secret: ticket.secret, rotate: 168h }',
  )
  const { ticket } = await open(replica.port, 'TLSv1.3')
  t.ok((await open(replica.port, 'TLSv1.3', ticket)).isResumed)
  const shorter = replica.rules.replace('168h', '1m')
  t.match(await replica.change(shorter), { kind: 'reloaded' })
  t.notOk((await open(replica.port, 'TLSv1.3', ticket)).isResumed, 'another period')
})

t.test('a secret that is too short, and one that is not there', async (t) => {
  const files = { ...(await filesFor()), 'ticket.secret': 'short' }
  await t.rejects(startReplica(t, files, SECRET), /secret-too-short.*openssl rand/s)
  const missing = SECRET.replace('ticket.secret', 'missing')
  await t.rejects(startReplica(t, files, missing), /unreadable-file/)
})
