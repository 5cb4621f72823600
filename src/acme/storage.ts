/**
 * What `acme.storage` keeps, and where. Several lyncgates may share it; only the one that has the lease writes.
 *
 *     certificates/NAME.pem   chain and key in one file, so that they always fit
 *     accounts/HASH.json      key and URL of the account with one authority
 *     state.json              tries, renewal times
 *     challenges.json         what authorities may ask for at this moment
 *     lease                   who orders
 */
import { createHash, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { asMap } from './as-map.ts'
import { type Challenge, tokenPattern } from './challenge-store.ts'
import type { Validity } from './schedule.ts'
import { makeDirectory, readStored, readStoredJson, sweep, writeStored } from './stored-file.ts'

/** Where the certificate of a name is, with its key. @param name a DNS name, lower case */
export function certificateFile(storage: string, name: string): string {
  if (!/^[a-z0-9_-][a-z0-9._-]*$/.test(name)) throw new Error(`not a DNS name: ${name}`)
  return join(storage, 'certificates', `${name}.pem`)
}

/** What is known of one name. Times in milliseconds since 1970. */
export interface NameState {
  /** In a row, a try that has begun counted as one. */
  readonly failures: number
  /** Not before. */
  readonly nextTryAt: number
  /** The certificate that the rest is about; of another one nothing is known. */
  readonly serial: string | undefined
  /** The directory that issued it. */
  readonly directory: string | undefined
  readonly renewAt: number | undefined
  /** When to ask for renewal information. */
  readonly askAt: number
}

export interface State {
  readonly names: Map<string, NameState>
  /** By directory: not before. */
  readonly pauses: Map<string, number>
}

export const unknownName: NameState = {
  failures: 0,
  nextTryAt: 0,
  serial: undefined,
  directory: undefined,
  renewAt: undefined,
  askAt: 0,
}

/** The certificate that is there. */
export interface StoredCertificate extends Validity {
  readonly pem: string
  readonly serial: string
}

export interface StoredAccount {
  readonly keyPem: string
  readonly url: string | undefined
  readonly contact: string
}

export class Storage {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  get leaseFile(): string {
    return join(this.#directory, 'lease')
  }

  /** Rejects with Node's error when it cannot be used. */
  async prepare(now: number): Promise<void> {
    for (const part of ['', 'certificates', 'accounts']) {
      const directory = join(this.#directory, part)
      await makeDirectory(directory)
      await sweep(directory, now)
    }
  }

  /** Undefined: there is none that can be used. */
  async readCertificate(name: string): Promise<StoredCertificate | undefined> {
    const pem = await readStored(certificateFile(this.#directory, name))
    if (pem === undefined) return undefined
    try {
      const { serialNumber: serial, validFromDate, validToDate } = new X509Certificate(pem)
      return { pem, serial, notBefore: validFromDate.getTime(), notAfter: validToDate.getTime() }
    } catch {
      return undefined
    }
  }

  writeCertificate(name: string, chainPem: string, keyPem: string): Promise<void> {
    return writeStored(
      certificateFile(this.#directory, name),
      `${chainPem.trimEnd()}\n${keyPem.trimEnd()}\n`,
    )
  }

  /** What cannot be read is forgotten: the worst that comes of it is an order too many. */
  async readState(): Promise<State> {
    const stored = asMap(await readStoredJson(join(this.#directory, 'state.json')))
    const names = Object.entries(asMap(stored['names'])).map(
      ([name, value]) => [name, nameState(value)] as const,
    )
    const pauses = Object.entries(asMap(stored['pauses'])).map(
      ([url, until]) => [url, time(until) ?? 0] as const,
    )
    return { names: new Map(names), pauses: new Map(pauses) }
  }

  writeState({ names, pauses }: State): Promise<void> {
    const state = { names: Object.fromEntries(names), pauses: Object.fromEntries(pauses) }
    return writeStored(join(this.#directory, 'state.json'), `${JSON.stringify(state, null, 1)}\n`)
  }

  async readAccount(directory: string): Promise<StoredAccount | undefined> {
    const { keyPem, url, contact } = asMap(await readStoredJson(this.#accountFile(directory)))
    if (typeof keyPem !== 'string') return undefined
    return { keyPem, url: textOf(url), contact: textOf(contact) ?? '' }
  }

  writeAccount(directory: string, account: StoredAccount): Promise<void> {
    const text = JSON.stringify({ directory, ...account }, null, 1)
    return writeStored(this.#accountFile(directory), `${text}\n`)
  }

  async readChallenges(): Promise<readonly Challenge[]> {
    const stored = await readStoredJson(join(this.#directory, 'challenges.json'))
    return Array.isArray(stored) ? stored.flatMap(challengeOf) : []
  }

  writeChallenges(challenges: readonly Challenge[]): Promise<void> {
    const text = `${JSON.stringify(challenges)}\n`
    return writeStored(join(this.#directory, 'challenges.json'), text, 'passing')
  }

  #accountFile(directory: string): string {
    const hash = createHash('sha256').update(directory).digest('hex').slice(0, 16)
    return join(this.#directory, 'accounts', `${hash}.json`)
  }
}

function nameState(value: unknown): NameState {
  const { failures, nextTryAt, serial, directory, renewAt, askAt } = asMap(value)
  return {
    failures: time(failures) ?? 0,
    nextTryAt: time(nextTryAt) ?? 0,
    serial: textOf(serial),
    directory: textOf(directory),
    renewAt: time(renewAt),
    askAt: time(askAt) ?? 0,
  }
}

function challengeOf(value: unknown): readonly Challenge[] {
  const { host, token, keyAuthorization } = asMap(value)
  const isWhole =
    typeof host === 'string' && typeof token === 'string' && typeof keyAuthorization === 'string'
  return isWhole && tokenPattern.test(token) ? [{ host, token, keyAuthorization }] : []
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

const time = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
