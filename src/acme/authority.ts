/** One authority of the rules file as somebody to talk to: session and account. Throws AcmeTrouble and system errors. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AcmeAuthority, AcmeRule } from '../config/rules.ts'
import { AcmeTrouble } from './acme-trouble.ts'
import type { AccountBinding } from './jws.ts'
import { Session } from './session.ts'
import type { Storage, StoredAccount } from './storage.ts'

export interface AuthorityScope {
  readonly rule: AcmeRule
  readonly storage: Storage
  readonly now: () => number
  readonly signal: AbortSignal
}

/** Opens the directory; nothing is signed yet. */
export async function openSession(
  { directory, caFile }: AcmeAuthority,
  { now, signal }: AuthorityScope,
): Promise<Session> {
  const roots = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  return Session.open({ directory, roots, now, signal })
}

/** Signs in: with the account of the storage, or with a new one. */
export async function signIn(
  session: Session,
  authority: AcmeAuthority,
  scope: AuthorityScope,
): Promise<void> {
  const { rule, storage } = scope
  const { directory } = authority
  if (session.terms !== undefined && !rule.agreesToTerms) {
    throw new AcmeTrouble({
      type: 'termsNotAgreed',
      detail: `the authority has terms of service: ${session.terms}`,
      hint: 'read them, then write "agreeToTerms: true" under "acme"',
    })
  }
  const known = (await storage.readAccount(directory)) ?? newAccount(rule.contact)
  // The key first: an account whose answer is lost is found again by it.
  if (known.url === undefined) await storage.writeAccount(directory, known)
  const url = await useAccount(session, authority, { ...scope, known })
  if (url !== known.url || known.contact !== rule.contact)
    await storage.writeAccount(directory, { ...known, url, contact: rule.contact })
}

async function useAccount(
  session: Session,
  { eab }: AcmeAuthority,
  { rule, known }: AuthorityScope & { readonly known: StoredAccount },
): Promise<string> {
  const key = createPrivateKey(known.keyPem)
  const binding = eab && known.url === undefined ? await readBinding(eab) : undefined
  const wish = { contact: rule.contact, binding }
  if (known.url === undefined || known.contact === rule.contact)
    return session.useAccount({ key, url: known.url }, wish)
  await session.useAccount({ key, url: known.url }, wish)
  await session.post(known.url, { contact: [`mailto:${rule.contact}`] })
  return known.url
}

/** The authority has forgotten the account: the next time it is made anew, with the same key. */
export async function forgetAccount({ directory }: AcmeAuthority, storage: Storage): Promise<void> {
  const known = await storage.readAccount(directory)
  if (known) await storage.writeAccount(directory, { ...known, url: undefined })
}

function newAccount(contact: string): StoredAccount {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { keyPem, url: undefined, contact }
}

async function readBinding(eab: NonNullable<AcmeAuthority['eab']>): Promise<AccountBinding> {
  const hmacKey = (await readFile(eab.keyFile, 'utf8')).trim()
  if (/^[A-Za-z0-9_-]+=*$/.test(hmacKey)) return { kid: eab.kid, hmacKey }
  throw new AcmeTrouble({
    type: 'badBindingKey',
    detail: `${eab.keyFile} holds no base64url text`,
    hint: 'write the HMAC key as the authority gave it out, and nothing else',
  })
}
