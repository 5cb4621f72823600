import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'

const lab = await startLab({ publishedHttpsPort: 8443 })
t.teardown(() => lab.close())
const [fe01] = lab.pool
const tls = { ca: lab.authority.certificatePem, serverName: 'fe01.contoso.local' }
const secure = await connectRaw({ port: fe01.httpsPort, tls })
const plain = await connectRaw({ port: fe01.httpPort })
const host = 'Host: lyncweb.contoso.com'

for (const directory of [
  'cscp',
  'OcsPowerShell',
  'RgsConfig',
  'LocationInformation',
  'RequestHandler',
  'AutoUpdate',
  'Conf',
  'DeviceUpdateFiles_Int',
  'PhoneConferencing',
  'MeetingRoomPortal',
  'SupportConferenceConsole',
]) {
  t.test(`${directory} is internal and shows as a leak however it is spelt`, async (t) => {
    const hex = directory.charCodeAt(0).toString(16)
    for (const path of [
      `/${directory}`,
      `/${directory.toUpperCase()}/x?y`,
      `/%${hex}${directory.slice(1)}/`,
      `/x/../${directory}`,
    ]) {
      const response = await secure.request(`GET ${path}`, [host])
      t.equal(response.status, 200, path)
      t.equal(response.body.toString(), `LEAK: ${directory.toLowerCase()}`)
    }
  })
}

t.test('the root of an admin host is a leak as well', async (t) => {
  const response = await secure.request('GET /', ['Host: admin.contoso.com'])
  t.match(response.body.toString(), /^LEAK/)
})

t.test('meetings are joined on lyncweb and on meet, and the page shows the query', async (t) => {
  for (const [name, path] of [
    ['lyncweb', '/meet/Alice/ABC123?sl=1&x=%3Cb%3E'],
    ['meet', '/Alice/ABC123?sl=1&x=%3Cb%3E'],
    ['meet', '/MEET/Alice/ABC123?sl=1&x=%3Cb%3E'],
  ]) {
    const response = await secure.request(`GET ${path}`, [`Host: ${name}.contoso.com`])
    const page = response.body.toString()
    t.equal(response.status, 200)
    t.match(page, '<p id="organizer">Alice</p>')
    t.match(page, '<p id="meeting">ABC123</p>')
    t.match(page, '<p id="query">sl=1&#38;x=%3Cb%3E</p>')
  }
})

t.test('the dial-in page is on dialin and under /dialin', async (t) => {
  for (const [name, path] of [
    ['dialin', '/'],
    ['lyncweb', '/dialin'],
    ['lyncweb', '/Dialin/Conference.aspx'],
  ]) {
    const response = await secure.request(`GET ${path}`, [`Host: ${name}.contoso.com`])
    t.equal(response.status, 200)
    t.match(response.body.toString(), 'Dial-in conferencing')
  }
})

t.test('Conference.aspx belongs to the canonical host', async (t) => {
  const response = await secure.request('GET /Dialin/Conference.aspx', ['Host: dialin.contoso.com'])
  t.equal(response.status, 302)
  t.equal(response.header('Location'), 'https://lyncweb.contoso.com/Dialin/Conference.aspx')
})

t.test('plain HTTP redirects to the published port, target untouched', async (t) => {
  const response = await plain.request('GET /meet/a/b?c?d=%252f', ['Host: meet.contoso.com:8080'])
  t.equal(response.status, 302)
  t.equal(response.header('Location'), 'https://meet.contoso.com:8443/meet/a/b?c?d=%252f')
  const post = await plain.request('POST /Reach/sip.svc', [host], 'x')
  t.equal(post.status, 307)
})

t.test('phones get their root certificates and files over plain HTTP', async (t) => {
  const chain = await plain.request('POST /CertProv/CertProvisioningService.svc/anon', [host], 'x')
  t.equal(chain.status, 200)
  const der = lab.authority.certificatePem.split('\n')[1] ?? '?'
  t.match(chain.body.toString(), der.trim())
  const file = await plain.request('GET /RequestHandlerExt/Files/UCPhone/CPE.cat', [host])
  t.equal(file.status, 200)
  const other = await secure.request('POST /CertProv/CertProvisioningService.svc', [host], 'x')
  t.equal(other.status, 401)
  t.ok(other.header('X-MS-WebTicketURL'))
})

t.test('directories of the external site answer with their name, some behind NTLM', async (t) => {
  const open = await secure.request('GET /Fonts/a.ttf', [host])
  t.equal(open.body.toString(), 'lab: fonts\n')
  const guarded = await secure.request('POST /GroupExpansion/service.svc', [host], 'x')
  t.equal(guarded.status, 401)
  t.same(guarded.all('WWW-Authenticate'), ['Negotiate', 'NTLM'])
})

t.test('nothing is at unknown places', async (t) => {
  t.equal((await secure.request('GET /unknown', [host])).status, 404)
  t.equal((await secure.request('GET /', [host])).status, 403)
  t.equal((await secure.request('GET /x', ['Host: lyncdiscover.contoso.com'])).status, 404)
})
