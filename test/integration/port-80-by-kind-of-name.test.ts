/** What plain HTTP does for each kind of name, by default and when the rule says otherwise. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const answers = (socket: { write(text: string): unknown }, text: string): void => {
  if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
}

const cases = [
  {
    kind: 'autodiscover',
    rule: '',
    target: '/?sipuri=alice@contoso.com',
    expected: /^HTTP\/1.1 200/,
  },
  {
    kind: 'web-services',
    rule: '',
    target: '/dialin?a?b',
    expected: /^HTTP\/1.1 308 [\s\S]*Location: https:\/\/lyncweb\.contoso\.com\/dialin\?a\?b\r\n/,
  },
  { kind: 'meet', rule: '', target: '/alice/7322994', expected: /^HTTP\/1.1 308 / },
  { kind: 'dialin', rule: '', target: '/', expected: /^HTTP\/1.1 308 / },
  { kind: 'web-services', rule: 'http: forward', target: '/dialin', expected: /^HTTP\/1.1 200/ },
  { kind: 'web-services', rule: 'http: refuse', target: '/dialin', expected: /^HTTP\/1.1 421/ },
  {
    kind: 'web-services',
    rule: '',
    target: '/RequestHandlerExt/ucdevice.upx',
    expected: /^HTTP\/1.1 308 /,
  },
  {
    kind: 'web-services',
    rule: 'phones: true',
    target: '/RequestHandlerExt/ucdevice.upx',
    expected: /^HTTP\/1.1 200/,
  },
  {
    kind: 'web-services',
    rule: 'phones: true',
    target: '/CertProv/CertProvisioningService.svc/anon',
    expected: /^HTTP\/1.1 200/,
  },
  {
    kind: 'web-services',
    rule: 'phones: true',
    target: '/RequestHandler/Files/UCPhone/AASTRA/6725ip/A/ENU/4.0/CPE/CPE.cat',
    expected: /^HTTP\/1.1 200/,
  },
  {
    kind: 'web-services',
    rule: 'phones: true',
    target: '/RequestHandler/ucdevice.upx',
    expected: /^HTTP\/1.1 404/,
  },
  {
    kind: 'web-services',
    rule: 'phones: true',
    target: '/RequestHandlerExt/../cscp',
    expected: /^HTTP\/1.1 404/,
  },
  { kind: 'web-services', rule: 'phones: true', target: '/dialin', expected: /^HTTP\/1.1 308 / },
  {
    kind: 'web-services',
    rule: 'phones: true\nhttp: refuse',
    target: '/RequestHandlerExt/x',
    expected: /^HTTP\/1.1 200/,
  },
]

for (const { kind, rule, target, expected } of cases) {
  t.test(`${kind} ${rule.replace('\n', ', ')} ${target}`, async (t) => {
    const backend = await startRecordingBackend(t, answers)
    const { httpPort } = await startTestProxy(t, {
      servers: [backend],
      publish: kind,
      plainHttp: null,
      rule,
    })
    const client = await openRawClient(t, { port: httpPort })
    client.send(`GET ${target} HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nConnection: close\r\n\r\n`)
    t.match(await client.closed(), expected)
  })
}
