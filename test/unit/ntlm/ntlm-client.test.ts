import t from 'tap'
import { verify, writeChallenge } from '../../../src/lab/ntlm.ts'
import {
  createAuthenticate,
  createNegotiate,
  findChallenge,
} from '../../../src/ntlm/ntlm-client.ts'
import {
  layOutMessage,
  type NtlmChallenge,
  ntlmFlags,
  ntlmMessageType,
  readAuthenticate,
  readChallenge,
  targetInfoIds,
  writeTargetInfo,
} from '../../../src/ntlm/ntlm-message.ts'

const text = (value: string) => Buffer.from(value, 'utf16le')
const alice = { user: 'alice', domain: 'CONTOSO', password: 'Wonderland-7' }

function challengeIn(type2: Buffer): NtlmChallenge {
  const challenge = readChallenge(type2)
  if (!challenge) throw new Error('the challenge cannot be read')
  return challenge
}

t.test('the type 3 holds the responses of MS-NLMP 4.2.4', async (t) => {
  const type2 = layOutMessage({
    type: 2,
    fixedBytes: 56,
    fields: [
      [12, text('Server')],
      [
        40,
        writeTargetInfo(
          new Map([
            [targetInfoIds.netbiosDomain, text('Domain')],
            [targetInfoIds.netbiosComputer, text('Server')],
          ]),
        ),
      ],
    ],
  })
  type2.writeUInt32LE(ntlmFlags.unicode, 20)
  type2.write('0123456789abcdef', 24, 'hex')
  const challenge = challengeIn(type2)
  t.equal(challenge.targetName, 'Server')

  const type3 = readAuthenticate(
    createAuthenticate(
      challenge,
      { user: 'User', domain: 'Domain', password: 'Password', workstation: 'COMPUTER' },
      { clientChallenge: Buffer.alloc(8, 0xaa), time: Buffer.alloc(8) },
    ),
  )
  t.match(type3, { user: 'User', domain: 'Domain', workstation: 'COMPUTER' })
  t.equal(
    type3?.ntResponse.toString('hex', 0, 16),
    '68cd0ab851e51c96aabc927bebef6a1c',
    'NTProofStr',
  )
  t.equal(
    type3?.lmResponse.toString('hex'),
    '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa',
    'LMv2 response',
  )
})

t.test(
  'the lab accepts its own client, and only with the right password and challenge',
  async (t) => {
    const serverChallenge = Buffer.from('f00dfacecafebeef', 'hex')
    const challenge = challengeIn(writeChallenge(serverChallenge, 'fe01'))
    t.equal(verify(createAuthenticate(challenge, alice), serverChallenge)?.name, 'alice')
    t.equal(verify(createAuthenticate(challenge, alice), Buffer.alloc(8)), undefined)
    const wrong = { ...alice, password: 'Wonderland-8' }
    t.equal(verify(createAuthenticate(challenge, wrong), serverChallenge), undefined)
    const stranger = { ...alice, user: 'mallory' }
    t.equal(verify(createAuthenticate(challenge, stranger), serverChallenge), undefined)
  },
)

t.test('the challenge is found among other offers, under either scheme', async (t) => {
  const token = writeChallenge(Buffer.alloc(8, 7), 'fe01').toString('base64')
  t.same(
    findChallenge(['MsRtcOAuth href="x"', `Negotiate ${token}`])?.serverChallenge,
    Buffer.alloc(8, 7),
  )
  t.same(findChallenge([`ntlm ${token}`])?.serverChallenge, Buffer.alloc(8, 7))
  t.equal(findChallenge(['Negotiate', 'NTLM', 'NTLM ????', 'NTLM YWJj']), undefined)
})

t.test('no prefix and no damaged byte of a message makes a reader throw', async (t) => {
  const type2 = writeChallenge(Buffer.alloc(8, 7), 'fe01')
  const challenge = challengeIn(type2)
  const type3 = createAuthenticate(challenge, alice)
  for (const message of [createNegotiate(), type2, type3]) {
    for (let at = 0; at < message.length; at++) {
      const damaged = Buffer.from(message)
      damaged[at] = 0xff
      for (const bytes of [message.subarray(0, at), damaged]) {
        ntlmMessageType(bytes)
        readChallenge(bytes)
        readAuthenticate(bytes)
        verify(bytes, Buffer.alloc(8))
      }
    }
  }
  t.pass()
})
