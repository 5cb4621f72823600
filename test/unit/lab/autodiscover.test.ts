import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'
import { signIn } from '../../../src/ntlm/ntlm-client.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01] = lab.pool
const tls = { ca: lab.authority.certificatePem, serverName: 'fe01.contoso.local' }
const client = await connectRaw({ port: fe01.httpsPort, tls })
const host = 'Host: lyncdiscover.contoso.com'
const rootPath = '/autodiscover/autodiscoverservice.svc/root'
const credentials = { user: 'alice', domain: 'CONTOSO', password: 'Wonderland-7' }

t.test(
  'without an Accept header the root is JSON, external, with links made from the Host',
  async (t) => {
    for (const target of ['/', '/?sipuri=alice@contoso.com', rootPath]) {
      const response = await client.request(`GET ${target}`, [host])
      t.equal(response.status, 200)
      t.match(response.header('Content-Type'), /^application\/json/)
      t.match(response.body.toString(), '"AccessLocation":"External"')
      t.match(response.body.toString(), `"https://lyncdiscover.contoso.com/Autodiscover/`)
    }
  },
)

t.test('the XML form is sent to who asks for it', async (t) => {
  const accept = 'Accept: application/vnd.microsoft.rtc.autodiscover+xml;v=1'
  const response = await client.request('GET /', [host, accept])
  t.equal(response.header('Content-Type'), 'application/vnd.microsoft.rtc.autodiscover+xml;v=1')
  t.match(response.body.toString(), '<AutodiscoverResponse AccessLocation="External"><Root>')
})

t.test('plain HTTP is good enough, and its links are https', async (t) => {
  const plain = await connectRaw({ port: fe01.httpPort })
  t.teardown(() => plain.close())
  const response = await plain.request('GET /', ['Host: lyncdiscover.contoso.com:8080'])
  t.equal(response.status, 200)
  t.match(response.body.toString(), '"https://lyncdiscover.contoso.com/Autodiscover/')
})

t.test(
  'root/user wants a ticket, and a web ticket got by NTLM or by password will do',
  async (t) => {
    const userPath = `${rootPath}/user?originalDomain=contoso.com?sipuri=alice@contoso.com`
    const challenged = await client.request(`GET ${userPath}`, [host])
    t.equal(challenged.status, 401)
    const ticketUrl = 'https://lyncdiscover.contoso.com/WebTicket/WebTicketService.svc'
    t.equal(challenged.header('X-MS-WebTicketURL'), ticketUrl)

    const byNtlm = await signIn(
      (value) =>
        client.request(
          'POST /WebTicket/WebTicketService.svc',
          [host, `Authorization: ${value}`],
          '<x/>',
        ),
      credentials,
    )
    const byPassword = await client.request(
      'POST /WebTicket/WebTicketService.svc/Auth',
      [host],
      '<o:Username>alice@contoso.com</o:Username><o:Password Type="x">Wonderland-7</o:Password>',
    )
    for (const { status, body } of [byNtlm, byPassword]) {
      t.equal(status, 200)
      const assertion = /<saml:Assertion.*<\/saml:Assertion>/.exec(body.toString())?.[0] ?? ''
      const ticket = `X-MS-WebTicket: opaque=${Buffer.from(assertion).toString('base64')}`
      const response = await client.request(`GET ${userPath}`, [host, ticket])
      t.equal(response.status, 200)
      t.equal(response.header('X-Lab-User'), 'CONTOSO\\alice')
      t.match(response.body.toString(), '/ucwa/v1/applications')
    }
    const forged = await client.request(`GET ${userPath}`, [host, 'X-MS-WebTicket: opaque=Zm9v'])
    t.equal(forged.status, 401)
  },
)

t.test('a wrong password in the body is a SOAP fault', async (t) => {
  const body = '<Username>alice</Username><Password>no</Password>'
  const response = await client.request('POST /WebTicket/WebTicketService.svc/Auth', [host], body)
  t.equal(response.status, 500)
  t.match(response.body.toString(), 'FailedAuthentication')
})

t.test('mex describes the service', async (t) => {
  const response = await client.request('GET /webticket/webticketservice.svc/MEX', [host])
  t.equal(response.status, 200)
  t.match(response.body.toString(), 'wsdl:definitions')
})

t.test('the OAuth issuer challenges, grants by password, and refuses', async (t) => {
  const ask = (form: string) => client.request('POST /WebTicket/oauthtoken', [host], form)
  const challenge = await ask('x=y')
  t.equal(challenge.status, 401)
  t.match(challenge.header('WWW-Authenticate'), /^MsRtcOAuth href="https:.*grant_type=/)
  const refused = await ask('grant_type=password&username=alice&password=no')
  t.equal(refused.status, 400)
  t.match(refused.body.toString(), 'invalid_grant')
  const granted = await ask('grant_type=password&username=bob%40contoso.com&password=Toolbox-42')
  t.equal(granted.status, 200)
  const token: unknown = JSON.parse(granted.body.toString()).access_token
  const bearer = `Authorization: Bearer ${token}`
  const response = await client.request(`GET ${rootPath}/user`, [host, bearer])
  t.equal(response.header('X-Lab-User'), 'CONTOSO\\bob')
})

t.test('the Windows grant goes by NTLM', async (t) => {
  const own = await connectRaw({ port: fe01.httpsPort, tls })
  t.teardown(() => own.close())
  const response = await signIn(
    (value) =>
      own.request(
        'POST /WebTicket/oauthtoken',
        [host, `Authorization: ${value}`],
        'grant_type=urn:microsoft.rtc:windows',
      ),
    credentials,
  )
  t.equal(response.status, 200)
})
