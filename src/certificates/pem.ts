/** PEM (RFC 7468): the blocks of a file, and what is in them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `RSA PRIVATE KEY` … */
  readonly label: string
  readonly text: string
}

export interface PemContent {
  readonly blocks: readonly PemBlock[]
  /** A block begins and does not end. */
  readonly isTruncated: boolean
}

/** Text around the blocks is ignored, as in the bundles that authorities send. */
export function readPem(text: string): PemContent {
  const blocks = [
    ...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([\s\S]*?)-----END \1-----/g),
  ].map(([whole, label = '']) => ({ label, text: whole }))
  const begun = text.match(/-----BEGIN [A-Z0-9 ]{1,40}-----/g)?.length ?? 0
  // The header of a block may be all that is left of it.
  return { blocks, isTruncated: begun > blocks.length || /-----BEGIN[^-]*$/.test(text) }
}

/** The certificates in the order of the file; `damaged`: one of them is none. */
export function certificatesIn(
  blocks: readonly PemBlock[],
): readonly X509Certificate[] | 'damaged' {
  try {
    return blocks
      .filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
      .map(({ text }) => new X509Certificate(text))
  } catch {
    return 'damaged'
  }
}

export type KeyTrouble = 'none' | 'damaged' | 'encrypted' | 'wrong-passphrase'

export interface ReadKey {
  readonly key: KeyObject
  readonly isEncrypted: boolean
}

/** The first private key among the blocks. */
export function keyIn(
  blocks: readonly PemBlock[],
  passphrase: string | undefined,
): ReadKey | KeyTrouble {
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (!block) return 'none'
  // PKCS #8, or the older form of OpenSSL with header fields.
  const isEncrypted = block.label.startsWith('ENCRYPTED') || block.text.includes('Proc-Type: 4,ENC')
  if (isEncrypted && passphrase === undefined) return 'encrypted'
  try {
    const key = createPrivateKey({ key: block.text, ...(isEncrypted ? { passphrase } : {}) })
    return { key, isEncrypted }
  } catch {
    return isEncrypted ? 'wrong-passphrase' : 'damaged'
  }
}
