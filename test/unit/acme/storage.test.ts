import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { certificateFile, Storage, unknownName } from '../../../src/acme/storage.ts'
import { writeStored } from '../../../src/acme/stored-file.ts'
import { createAuthority } from '../../../src/lab/authority.ts'

t.test('what is written is read again, by its owner alone', async (t) => {
  const directory = join(t.testdir({}), 'deep', 'acme')
  const storage = new Storage(directory)
  await storage.prepare(Date.now())
  const authority = await createAuthority('Root')
  const { certPem, keyPem } = await authority.issue({ names: ['a.contoso.com'] })
  await storage.writeCertificate('a.contoso.com', certPem, keyPem)
  const account = { keyPem, url: 'https://ca.example/1', contact: 'admin@contoso.com' }
  await storage.writeAccount('https://ca.example/directory', account)
  const state = { ...unknownName, failures: 2, nextTryAt: 5, renewAt: 7, serial: 'AB' }
  await storage.writeState({ names: new Map([['a', state]]), pauses: new Map([['x', 9]]) })

  t.match(await storage.readCertificate('a.contoso.com'), { pem: certPem.trim() })
  t.same(await storage.readAccount('https://ca.example/directory'), account)
  t.equal(await storage.readAccount('https://other.example/directory'), undefined)
  const read = await storage.readState()
  t.same([...read.names], [['a', state]])
  t.same([...read.pauses], [['x', 9]])
  for (const name of ['accounts', 'certificates', 'state.json', '.'])
    t.equal(statSync(join(directory, name)).mode & 0o077, 0, name)
})

t.test('nothing and nonsense are nothing', async (t) => {
  for (const text of [
    undefined,
    '',
    '{',
    '[]',
    'null',
    '{"names":[1],"pauses":7}',
    '{"names":{"a":0}}',
  ]) {
    const directory = t.testdir({ certificates: {} })
    for (const name of ['state.json', 'challenges.json', 'certificates/a.pem'])
      if (text !== undefined) writeFileSync(join(directory, name), text)
    const storage = new Storage(directory)
    const { names, pauses } = await storage.readState()
    t.ok(
      [...names.values()].every(({ failures }) => failures === 0),
      text ?? 'missing',
    )
    t.equal(pauses.size, 0)
    t.same(await storage.readChallenges(), [])
    t.equal(await storage.readCertificate('a'), undefined)
  }
  const odd = [
    { host: 1, token: 'a', keyAuthorization: 'b' },
    { host: 'h', token: '../x', keyAuthorization: 'b' },
  ]
  const directory = t.testdir({ 'challenges.json': JSON.stringify(odd) })
  t.same(await new Storage(directory).readChallenges(), [])
})

t.test('a file is never half there, and what a dead one left is swept up', async (t) => {
  const directory = t.testdir({ certificates: {}, accounts: {} })
  const file = join(directory, 'state.json')
  await writeStored(file, 'old')
  await t.rejects(writeStored(join(directory, 'accounts'), 'x'), { code: 'EISDIR' })
  t.same(readdirSync(directory).sort(), ['accounts', 'certificates', 'state.json'])
  t.equal(readFileSync(file, 'utf8'), 'old')

  const [left, young] = ['a', 'b'].map((name) => join(directory, `.${name}.unfinished`))
  for (const path of [left, young]) writeFileSync(path ?? '', 'half')
  utimesSync(left ?? '', 1, 1)
  await new Storage(directory).prepare(Date.now())
  t.equal(existsSync(left ?? ''), false)
  t.equal(existsSync(young ?? ''), true, 'somebody may be writing it')
})

t.test('a name never leads out of the storage', async (t) => {
  for (const name of ['../x', '/etc/passwd', '.', '..', '', 'a/b', '*.contoso.com', 'a\0b'])
    t.throws(() => certificateFile('/storage', name), name)
  t.equal(certificateFile('/storage', 'a.contoso.com'), '/storage/certificates/a.contoso.com.pem')
})
