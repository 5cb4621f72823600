import t from 'tap'
import {
  type AdminRequest,
  type ScreenScope,
  screenRequest,
} from '../../../src/admin/screen-request.ts'
import { TRIES_PER_SECOND, WrongTokens } from '../../../src/admin/wrong-tokens.ts'

const TOKEN = 'x'.repeat(40)

const request: AdminRequest = {
  method: 'GET',
  host: '10.0.0.1:9090',
  origin: undefined,
  authorization: undefined,
  isTls: false,
  isPage: false,
  peer: '10.0.0.2',
}

const scope = (more: Partial<ScreenScope> = {}): ScreenScope => ({
  address: '127.0.0.1',
  names: [],
  token: TOKEN,
  isTokenOfFile: false,
  wrongTokens: new WrongTokens(),
  nowMs: 0,
  onWrongToken: () => {},
  ...more,
})

const codeOf = (more: Partial<AdminRequest>, own: Partial<ScreenScope> = {}): string | undefined =>
  screenRequest({ ...request, ...more }, scope(own))?.code

t.test('who may read', async (t) => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    t.equal(codeOf({}, { address }), undefined, address)
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', ''])
    t.equal(codeOf({}, { address }), 'no-token', address)
  t.equal(codeOf({}, { isTokenOfFile: true }), 'no-token')
  t.equal(codeOf({ method: 'HEAD' }), undefined)
  for (const method of ['POST', 'get', 'OPTIONS', 'PUT'])
    t.equal(codeOf({ method }), 'no-token', method)
})

t.test('without any token nobody acts', async (t) => {
  t.equal(
    codeOf({ method: 'POST', authorization: 'Bearer undefined' }, { token: undefined }),
    'actions-off',
  )
  t.equal(codeOf({}, { token: undefined }), undefined)
})

t.test('the token, and nothing like it', async (t) => {
  const codeFor = (authorization: string) => codeOf({ method: 'POST', authorization })
  t.equal(codeFor(`Bearer ${TOKEN}`), undefined)
  t.equal(codeFor(`bearer  ${TOKEN} `), undefined)
  for (const wrong of [TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase()])
    t.equal(codeFor(`Bearer ${wrong}`), 'wrong-token')
  for (const none of [TOKEN, `Basic ${TOKEN}`, 'Bearer', `Bearer ${TOKEN} ${TOKEN}`])
    t.equal(codeFor(none), 'no-token', none)
})

t.test('names of the certificate', async (t) => {
  const names = ['admin.contoso.com', '*.lan.contoso.com']
  for (const host of ['admin.contoso.com', 'ADMIN.contoso.com.:9090', 'a.lan.contoso.com:1'])
    t.equal(codeOf({ host }, { names }), undefined, host)
  for (const host of [
    'contoso.com',
    'a.b.lan.contoso.com',
    'lan.contoso.com',
    'localhost.',
    'local',
  ])
    t.equal(codeOf({ host }, { names }), host === 'localhost.' ? undefined : 'foreign-host', host)
})

t.test('so many wrong tokens in a second, for each peer', async (t) => {
  const wrongTokens = new WrongTokens()
  let said = 0
  const attempt = (authorization: string, nowMs: number, peer = 'a') =>
    codeOf(
      { method: 'POST', authorization, peer },
      { wrongTokens, nowMs, onWrongToken: () => said++ },
    )
  for (let n = 0; n < TRIES_PER_SECOND; n++) t.equal(attempt('Bearer no', 5), 'wrong-token')
  t.equal(attempt('Bearer no', 6), 'too-many-tries')
  t.equal(attempt(`Bearer ${TOKEN}`, 6), undefined, 'others on the address lock nobody out')
  t.equal(attempt(`Bearer ${TOKEN}`, 6, 'b'), undefined, 'nobody else is locked out')
  t.equal(attempt(`Bearer ${TOKEN}`, 1_005), undefined)
  t.equal(said, 1)
})

t.test('peers are forgotten', async (t) => {
  const wrongTokens = new WrongTokens()
  for (let n = 0; n < 100_000; n++) wrongTokens.count(`peer ${n}`, n)
  t.notOk(wrongTokens.isBlocked('peer 1', 100_000))
  t.equal(wrongTokens.count('peer 99999', 100_000), false, 'the newest are known')
})
