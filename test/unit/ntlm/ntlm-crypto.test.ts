import t from 'tap'
import { lmV2Response, ntHash, ntlmV2Key, ntProof } from '../../../src/ntlm/ntlm-crypto.ts'

// MS-NLMP 4.2: user "User", domain "Domain", password "Password".
const serverChallenge = Buffer.from('0123456789abcdef', 'hex')
const clientChallenge = Buffer.alloc(8, 0xaa)
const key = ntlmV2Key('User', 'Domain', 'Password')

t.test('the hash of the password is that of MS-NLMP 4.2.2.1.2', async (t) => {
  t.equal(ntHash('Password').toString('hex'), 'a4f49c406510bdcab6824ee7c30fd852')
})

t.test('the NTLMv2 key is that of MS-NLMP 4.2.4.1.1', async (t) => {
  t.equal(key.toString('hex'), '0c868a403bfd7a93a3001ef22ef02e3f')
})

t.test('the NTLMv2 proof is that of MS-NLMP 4.2.4.2.2', async (t) => {
  const blob = Buffer.from(
    '01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000' +
      '02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000',
    'hex',
  )
  t.equal(ntProof(key, serverChallenge, blob).toString('hex'), '68cd0ab851e51c96aabc927bebef6a1c')
})

t.test('the LMv2 response is that of MS-NLMP 4.2.4.2.1', async (t) => {
  const response = lmV2Response(key, serverChallenge, clientChallenge)
  t.equal(response.toString('hex'), '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa')
})
