import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findAdmin } from '../../../src/config/find-admin.ts'

t.test('the admin section of a file that is wrong otherwise', async (t) => {
  const file = join(t.testdir({}), 'lyncgate.yaml')
  const find = async (text: string) => {
    writeFileSync(file, text)
    const found = await findAdmin(file)
    return found.ok ? found.value : found.error.map(({ code, where }) => `${code} ${where}`)
  }
  t.same(await find('admin: { port: 9091, token: t }\nrules: 7\nlistner: []\n'), {
    address: '127.0.0.1',
    port: 9091,
    tokenFile: join(file, '../t'),
    tls: undefined,
  })
  t.equal(await find('version: 1\n'), undefined)
  t.same(await find('admin: { prt: 9091 }\n'), ['unknown-key admin.prt'])
  t.same(await find('admin: {\n'), ['yaml-syntax '])
  t.match(await findAdmin(`${file}.none`), { ok: false, error: [{ code: 'file-unreadable' }] })
})
