/** What `openssl ocsp` answers is understood; whatever is forged, expired or cut is not stapled. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { judgeResponse } from '../../../../src/certificates/ocsp/judge-response.ts'
import { ocspRequest } from '../../../../src/certificates/ocsp/ocsp-request.ts'
import {
  type StapleSubject,
  stapleSubjectOf,
} from '../../../../src/certificates/ocsp/staple-subject.ts'
import { createOcspAuthority, type OcspAuthority } from '../../../support/ocsp-authority.ts'
import { makeCertificate, openssl } from '../../../support/openssl.ts'
import { fc } from '../../../support/property.ts'

const MINUTE_MS = 60_000
let authority: OcspAuthority
let subject: StapleSubject
let good: Buffer
const judge = (bytes: Buffer, now = new Date(), of = subject) => judgeResponse(bytes, of, now)
const later = (ms: number): Date => new Date(Date.now() + ms)

t.before(async () => {
  authority = await createOcspAuthority(t)
  subject = await authority.issue('web.example')
  await authority.setStatus('web.example', 'good')
  good = await authority.answer(ocspRequest(subject))
})

t.test('the request is the one that openssl makes', async (t) => {
  const { directory } = authority
  await openssl(
    directory,
    ...['ocsp', '-issuer', 'root.pem', '-cert', 'web.example.pem', '-no_nonce'],
    ...['-reqout', 'theirs.der'],
  )
  const theirs = await openssl(directory, 'base64', '-A', '-in', 'theirs.der')
  t.equal(ocspRequest(subject).toString('base64'), theirs.trim())
})

t.test('good', async (t) => {
  const verdict = judge(good)
  t.match(verdict, { kind: 'good' })
  if (verdict.kind !== 'good') return
  const lifeMs = verdict.nextUpdate.getTime() - verdict.thisUpdate.getTime()
  t.equal(lifeMs, 60 * MINUTE_MS)
})

for (const [name, args] of Object.entries({
  'signed by the issuer itself': { signer: 'root' },
  'a responder that is named by its key': { more: ['-nmin', '60', '-resp_key_id'] },
  'SHA-384': { more: ['-nmin', '60', '-rmd', 'sha384'] },
})) {
  t.test(name, async (t) => {
    t.match(judge(await authority.answer(ocspRequest(subject), args)), { kind: 'good' })
  })
}

for (const key of ['ec/P-256', 'ec/P-384', 'rsa:3072']) {
  t.test(`a responder with ${key}`, async (t) => {
    const name = `responder-${key.replace(/\W/g, '-')}`
    const extensions = ['extendedKeyUsage=OCSPSigning']
    await makeCertificate(authority.directory, { name, key, by: 'root', extensions })
    const answer = await authority.answer(ocspRequest(subject), { signer: name })
    t.match(judge(answer), { kind: 'good' })
  })
}

t.test('revoked and unknown', async (t) => {
  const revoked = await authority.issue('revoked.example')
  await authority.setStatus('revoked.example', 'revoked')
  const answer = await authority.answer(ocspRequest(revoked))
  t.match(judge(answer, new Date(), revoked), { kind: 'revoked' })
  const unknown = await authority.issue('unknown.example')
  t.same(judge(await authority.answer(ocspRequest(unknown)), new Date(), unknown), {
    kind: 'unknown',
  })
})

t.test('times', async (t) => {
  t.match(judge(good, later(59 * MINUTE_MS)), { kind: 'good' })
  t.same(judge(good, later(60 * MINUTE_MS)), unusable('an answer that has expired'))
  // The certificate of the responder is as young as the test.
  const direct = await authority.answer(ocspRequest(subject), { signer: 'root' })
  t.match(judge(direct, later(-4 * MINUTE_MS)), { kind: 'good' }, 'our clock is late')
  t.same(judge(direct, later(-6 * MINUTE_MS)), unusable('an answer from the future'))
  const endless = await authority.answer(ocspRequest(subject), { more: [] })
  t.same(judge(endless), unusable('an answer without end'))
})

t.test('an answer for another certificate', async (t) => {
  const other = await authority.issue('other.example')
  await authority.setStatus('other.example', 'good')
  const answer = await authority.answer(ocspRequest(other))
  t.match(judge(answer, new Date(), other), { kind: 'good' })
  t.same(judge(answer), unusable('an answer for another certificate'), 'another serial number')
})

t.test('another issuer with the same name', async (t) => {
  const impostor = await createOcspAuthority(t)
  await impostor.issue('web.example')
  // The same serial number under another key: all that a forger can copy.
  const forged = { ...subject, issuer: (await impostor.issue('x.example')).issuer }
  const row = `V\t991231235959Z\t\t${subject.leaf.serialNumber}\tunknown\t/CN=web.example\n`
  await writeFile(join(impostor.directory, 'index.txt'), row)
  const answer = await impostor.answer(ocspRequest(forged))
  t.match(judge(answer, new Date(), forged), { kind: 'good' }, 'right but for the key')
  t.same(judge(answer), unusable('an answer for another certificate'))
})

t.test('signed by somebody else', async (t) => {
  const { directory } = authority
  const signing = ['extendedKeyUsage=OCSPSigning']
  const signedBy = async (signer: string, now?: Date) =>
    judge(await authority.answer(ocspRequest(subject), { signer }), now)
  await makeCertificate(directory, { name: 'stranger', extensions: signing })
  t.same(await signedBy('stranger'), unusable('a responder of another issuer'))
  const serverAuth = ['extendedKeyUsage=serverAuth']
  await makeCertificate(directory, { name: 'server', by: 'root', extensions: serverAuth })
  t.same(await signedBy('server'), unusable('a responder without OCSPSigning'))
  await makeCertificate(directory, {
    name: 'anyone',
    by: 'root',
    extensions: ['subjectAltName=DNS:a'],
  })
  t.same(await signedBy('anyone'), unusable('a responder without OCSPSigning'))
  // Its certificate is sent, but another key has signed.
  const made = { name: 'thief', by: 'root', extensions: signing }
  await makeCertificate(directory, { ...made, more: ['-days', '1'] })
  const day = 86_400_000
  const answer = await authority.answer(ocspRequest(subject), {
    signer: 'thief',
    more: ['-ndays', '9'],
  })
  t.match(judge(answer), { kind: 'good' })
  t.same(judge(answer, later(2 * day)), unusable('a responder whose certificate is not valid now'))
  t.same(
    judge(
      await authority.answer(ocspRequest(subject), { more: ['-nmin', '60', '-resp_no_certs'] }),
    ),
    unusable('signed by nobody who is known'),
  )
  t.same(
    judge(await authority.answer(ocspRequest(subject), { more: ['-nmin', '60', '-rmd', 'sha1'] })),
    unusable('a signature that does not verify'),
    'SHA-1',
  )
})

t.test('every byte counts: one that is changed never makes another answer', async (t) => {
  const { kind: _, ...times } = judge(good) as Extract<ReturnType<typeof judge>, { kind: 'good' }>
  const spoilt = new Map<string, number>()
  for (let at = 0; at < good.length; at++) {
    const bytes = Buffer.from(good)
    bytes[at] = (bytes[at] ?? 0) ^ 0x01
    const verdict = judge(bytes)
    spoilt.set(verdict.kind, (spoilt.get(verdict.kind) ?? 0) + 1)
    // What is not signed may change: padding of the certificate, parameters of algorithms.
    if (verdict.kind === 'good') t.match(verdict, times, `byte ${at}`)
    else t.equal(verdict.kind, 'unusable', `byte ${at}`)
  }
  t.ok((spoilt.get('unusable') ?? 0) > good.length * 0.9, JSON.stringify([...spoilt]))
})

t.test('truncated at every byte, prolonged, and mangled', async (t) => {
  for (let length = 0; length < good.length; length++)
    t.same(judge(good.subarray(0, length)), unusable('malformed response'), `${length} bytes`)
  t.same(judge(Buffer.concat([good, Buffer.from([0])])), unusable('malformed response'))
  const kinds = new Set(['good', 'unusable'])
  fc.assert(
    fc.property(
      fc.nat(good.length),
      fc.nat(60),
      fc.uint8Array({ maxLength: 60 }),
      (from, count, put) => {
        const bytes = Buffer.concat([good.subarray(0, from), put, good.subarray(from + count)])
        return kinds.has(judge(bytes).kind)
      },
    ),
    { numRuns: 2_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      return judge(Buffer.from(bytes)).kind === 'unusable'
    }),
  )
})

t.test('what the responder says instead of an answer', async (t) => {
  const says = (code: number) => judge(Buffer.from([0x30, 3, 0x0a, 1, code]))
  t.same(says(3), unusable('the responder says tryLater'))
  t.same(says(6), unusable('the responder says unauthorized'))
  t.same(says(77), unusable('the responder says status 77'))
  t.same(says(0), unusable('malformed response'), 'successful, and nothing in it')
})

t.test('what cannot be asked for', async (t) => {
  const { leaf, issuer } = subject
  t.equal(stapleSubjectOf([leaf]), 'no-issuer')
  t.equal(stapleSubjectOf([issuer]), 'no-responder')
  t.equal(stapleSubjectOf([]), 'no-responder')
  const secure = authority.issue('secure.example', { url: 'https://ocsp.example/' })
  await t.rejects(secure, { message: 'no-responder' })
  t.equal(subject.url.href, `http://127.0.0.1:${authority.port}/`)
})

const unusable = (reason: string) => ({ kind: 'unusable', reason })
