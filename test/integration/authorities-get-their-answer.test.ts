/** HTTP-01 (RFC 8555 8.3): the one proof that is in progress, and nothing else, is answered before the rules. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const PATH = '/.well-known/acme-challenge/'
const challenge = {
  host: 'lyncweb.contoso.com',
  token: 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA',
  keyAuthorization: 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.thumb',
}

t.test('a proof in progress is answered, whatever the rule says', async (t) => {
  for (const plainHttp of ['forward', 'redirect', 'refuse']) {
    const backend = await startRecordingBackend(t, () => {})
    const { httpPort, proxy, line } = await startTestProxy(t, {
      servers: [backend],
      plainHttp,
      hosts: [challenge.host, 'meet.contoso.com'],
    })
    const { challenges } = proxy.traffic
    challenges.set(challenge)
    const ask = async (host: string, target: string, method = 'GET'): Promise<string> => {
      const client = await openRawClient(t, { port: httpPort })
      client.send(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      return client.closed()
    }
    const answer = await ask('LyncWeb.contoso.com:80', PATH + challenge.token)
    t.match(answer, /^HTTP\/1.1 200 OK\r\n/)
    t.match(answer, new RegExp(`\r\n\r\n${challenge.keyAuthorization.replace('.', '\\.')}\n$`))
    await line(({ target, outcome }) => target === PATH + challenge.token && outcome === 'done')
    t.same(backend.connections, [], 'no server is asked')
    if (plainHttp === 'forward') continue

    const status = plainHttp === 'redirect' ? 308 : 421
    const normally = new RegExp(`^HTTP/1.1 ${status} `)
    for (const [host, target] of [
      ['meet.contoso.com', PATH + challenge.token],
      [challenge.host, `${PATH}other`],
      [challenge.host, PATH],
      [challenge.host, `${PATH}${challenge.token}?x`],
      [challenge.host, `${PATH}${challenge.token}/`],
      [challenge.host, `/.well-known/ACME-challenge/${challenge.token}`],
      [challenge.host, `${PATH}__proto__`],
    ] as const)
      t.match(await ask(host, target), normally, `${host}${target}`)
    t.match(await ask(challenge.host, PATH + challenge.token, 'POST'), normally)
    challenges.delete(challenge.token)
    t.match(await ask(challenge.host, PATH + challenge.token), normally, 'it is over')
  }
})
