/** The secret that keys of session tickets are made from. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { failed, ok, type Result } from '../base/result.ts'

/** As much as a key of AES-256 has. */
const LEAST_BYTES = 32
const MOST_BYTES = 65_536

/** Of this process and its workers, where the file names none. */
const ownSecret = randomBytes(LEAST_BYTES)

export interface SecretTrouble {
  readonly code: 'unreadable-file' | 'secret-too-short'
  readonly message: string
  readonly hint: string
}

/** @param file undefined: a secret of this start */
export async function readTicketSecret(
  file: string | undefined,
): Promise<Result<Uint8Array, SecretTrouble>> {
  if (file === undefined) return ok(ownSecret)
  try {
    const bytes = await readFile(file)
    if (bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES) return ok(new Uint8Array(bytes))
    const message = `${file} has ${bytes.length} bytes`
    const hint = `make one of ${LEAST_BYTES} random bytes: openssl rand -out ${file} ${LEAST_BYTES}`
    return failed({ code: 'secret-too-short', message, hint })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return failed({
      code: 'unreadable-file',
      message: `cannot read ${file} (${code})`,
      hint: 'check the path, and that the user lyncgate runs as may read it',
    })
  }
}
