import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { createTokens } from '../../../src/lab/tokens.ts'
import { findUser, labUsers } from '../../../src/lab/users.ts'

const [alice] = labUsers
if (!alice) throw new Error('the lab has lost its users')

function requestWith(headers: Record<string, string>): IncomingMessage {
  const req = new IncomingMessage(new Socket())
  Object.assign(req.headers, headers)
  return req
}

t.test('a token is known where it was issued, and only there', async (t) => {
  const [tokens, others] = [createTokens(), createTokens()]
  const req = requestWith({ authorization: `Bearer ${tokens.issue(alice)}` })
  t.equal(tokens.read(req), alice)
  t.equal(others.read(req), 'bad')
})

t.test('an assertion does as a web ticket', async (t) => {
  const tokens = createTokens()
  const ticket = Buffer.from(tokens.issueAssertion(alice)).toString('base64')
  t.equal(tokens.read(requestWith({ 'x-ms-webticket': `opaque=${ticket}` })), alice)
  t.equal(tokens.read(requestWith({ 'x-ms-webticket': 'opaque=Zm9v' })), 'bad')
})

t.test('no token is no error', async (t) => {
  const tokens = createTokens()
  t.equal(tokens.read(requestWith({})), 'none')
  t.equal(tokens.read(requestWith({ authorization: 'NTLM abc' })), 'none')
})

t.test('users are found by every spelling of their name', async (t) => {
  for (const spelling of ['alice', 'ALICE', 'contoso\\Alice', 'Alice@contoso.com']) {
    t.equal(findUser(spelling), alice)
  }
  t.equal(findUser('mallory'), undefined)
})
