/** A certificate or key that changes behind the same name: new handshakes get the new one, old connections go on. */
import { rename, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

const NAME = 'lyncweb.contoso.com'
const QUICK = { pollMs: 10_000_000, quietMs: 20 }

/** TLS to TLS would need a certificate of the server: only the own 421 of another host is asked for here. */
const answersOn = async (t: Test, certificates = '[{ cert: public.pem, key: public.key }]') => {
  const backend = await startAnsweringBackend(t)
  const [port = 0] = await freePorts(1)
  const rules = rulesText({
    listeners: [`{ name: internet, address: 127.0.0.1, https: ${port} }`],
    pools: { pool01: [backend] },
    rules: [`{ name: Web, publish: anything, hosts: [${NAME}], pool: pool01 }`],
  }).replace('[{ cert: public.pem, key: public.key }]', certificates)
  return { rules, port }
}

/** The serial number that a new client is shown. */
async function serialOf(port: number, servername?: string): Promise<string> {
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  })
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

t.test('renamed over, one file after the other, and noticed by itself', async (t) => {
  const { rules, port } = await answersOn(t)
  const proxy = await startReloadingProxy(t, { rules, times: QUICK })
  const old = await connectRaw({
    port,
    tls: { ca: proxy.authority.certificatePem, serverName: NAME },
  })
  t.teardown(() => old.close())
  t.equal((await old.request('GET /', ['Host: elsewhere.example'])).status, 421)
  const before = [await serialOf(port, NAME), await serialOf(port)]
  t.equal(before[0], before[1])

  const renewed = await proxy.authority.issue({ names: [NAME] })
  await proxy.put('public.pem', renewed.certPem)
  await proxy.put('public.key', renewed.keyPem)
  await proxy.line(({ msg }) => msg === 'reloaded')
  const after = [await serialOf(port, NAME), await serialOf(port)]
  t.equal(after[0], after[1], 'clients without SNI get the new one too')
  t.not(after[0], before[0])
  t.equal((await old.request('GET /', ['Host: elsewhere.example'])).status, 421, 'goes on')
})

t.test('a symbolic link is swapped, as Kubernetes does with secrets', async (t) => {
  const { rules, port } = await answersOn(t, '[{ cert: certs/tls.crt, key: certs/tls.key }]')
  const authority = await createAuthority('Test Root')
  const issued = [
    await authority.issue({ names: [NAME] }),
    await authority.issue({ names: [NAME] }),
  ]
  const [old, renewed] = issued.map(({ certPem, keyPem }) => ({
    'tls.crt': certPem,
    'tls.key': keyPem,
  }))
  const proxy = await startReloadingProxy(t, {
    rules,
    authority,
    times: QUICK,
    files: {
      certs: {
        '..0': old ?? {},
        '..1': renewed ?? {},
        '..data': t.fixture('symlink', '..0'),
        'tls.crt': t.fixture('symlink', '..data/tls.crt'),
        'tls.key': t.fixture('symlink', '..data/tls.key'),
      },
    },
  })
  const certs = join(proxy.directory, 'certs')
  const before = await serialOf(port, NAME)
  await symlink('..1', join(certs, '..new'))
  await rename(join(certs, '..new'), join(certs, '..data'))
  t.match(await proxy.line(({ msg }) => msg === 'reloaded'), {
    trigger: 'file',
    revision: 2,
    changes: { certificates: 1 },
  })
  t.not(await serialOf(port, NAME), before)
})

t.test('a session of the old certificate is not resumed', async (t) => {
  const { rules, port } = await answersOn(t)
  const proxy = await startReloadingProxy(t, { rules })
  let ticket: Buffer | undefined
  const isReused = async (): Promise<boolean> => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: NAME,
      ca: proxy.authority.certificatePem,
      maxVersion: 'TLSv1.2',
      ...(ticket ? { session: ticket } : {}),
    })
    await new Promise<void>((resolve) => {
      socket.on('session', (each: Buffer) => {
        ticket = each
      })
      socket.once('secureConnect', resolve)
    })
    const isReused = socket.isSessionReused()
    ticket ??= socket.getSession()
    socket.destroy()
    return isReused
  }
  await isReused()
  t.ok(await isReused())
  await proxy.change(rules.replace('name: Web', 'name: Website'))
  t.ok(await isReused(), 'a reload that leaves TLS as it was does not matter')
  const renewed = await proxy.authority.issue({ names: [NAME] })
  await proxy.put('public.pem', renewed.certPem)
  await proxy.put('public.key', renewed.keyPem)
  await proxy.reloader.reload('command')
  t.notOk(await isReused())
})

t.test('a key that does not fit changes nothing until it does', async (t) => {
  const { rules, port } = await answersOn(t)
  const proxy = await startReloadingProxy(t, { rules })
  const before = await serialOf(port, NAME)
  const renewed = await proxy.authority.issue({ names: [NAME] })
  await proxy.put('public.pem', renewed.certPem)
  t.match(await proxy.reloader.reload('command'), {
    kind: 'failed',
    problems: [{ code: 'key-mismatch' }],
  })
  t.equal(await serialOf(port, NAME), before)
  await unlink(join(proxy.directory, 'public.key'))
  t.match(await proxy.reloader.reload('command'), {
    kind: 'failed',
    problems: [{ code: 'unreadable-file' }],
  })
  await proxy.put('public.key', renewed.keyPem)
  t.match(await proxy.reloader.reload('command'), { kind: 'reloaded', revision: 2 })
  t.not(await serialOf(port, NAME), before)
})
