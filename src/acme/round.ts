/** All that is due at one moment, done by the one that has the lease. */
import type { AcmeAuthority, AcmeRule } from '../config/rules.ts'
import type { Logger } from '../observe/logger.ts'
import { detailsOf, type TroubleDetails } from './acme-trouble.ts'
import { type AuthorityScope, forgetAccount, openSession, signIn } from './authority.ts'
import type { ChallengeStore } from './challenge-store.ts'
import { placeOrder } from './order.ts'
import { type NamePlan, renewAtOf } from './plan.ts'
import { readRenewalInfo } from './renewal-info.ts'
import { delayAfter, nextInformation } from './schedule.ts'
import type { Session } from './session.ts'
import type { NameState, State, Storage } from './storage.ts'

export interface RoundScope {
  readonly logger: Logger
  readonly rule: AcmeRule
  readonly storage: Storage
  readonly challenges: ChallengeStore
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly chance: () => number
  /** Aborted: nothing more may be written. */
  readonly signal: AbortSignal
  /** How long the other lyncgates take to learn of a challenge. */
  readonly spreadMs: number
  readonly onIssued: () => void
}

/** Orders at a time: a name that hangs holds up few others, and no authority is flooded. */
const AT_ONCE = 4

/** A whole authority is left alone at most so long because of what it answered to one name. */
const LONGEST_PAUSE_MS = 3_600_000

export class Round {
  readonly #scope: RoundScope
  readonly #state: State
  readonly #sessions = new Map<AcmeAuthority, Promise<Session>>()
  #saving: Promise<void> = Promise.resolve()
  #publishing: Promise<void> = Promise.resolve()

  constructor(scope: RoundScope, state: State) {
    this.#scope = scope
    this.#state = state
  }

  /** Never more than `AT_ONCE` at a time. Rejects when the storage cannot be written. */
  async run(plans: readonly NamePlan[]): Promise<void> {
    const left = [...plans]
    const work = async (): Promise<void> => {
      for (let plan = left.shift(); plan; plan = left.shift()) {
        if (this.#scope.signal.aborted) return
        if (plan.orderAt <= this.#scope.now()) await this.#order(plan)
        else await this.#ask(plan)
      }
    }
    // One that fails leaves the others to their end: the lease is held for all of them.
    const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, work))
    const failed = ended.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #order(plan: NamePlan): Promise<void> {
    const { now, rule, chance, logger, signal } = this.#scope
    const { name, certificate } = plan
    const startedAt = now()
    const open = rule.authorities.filter(
      ({ directory }) => (this.#state.pauses.get(directory) ?? 0) <= startedAt,
    )
    if (open.length === 0) {
      const pauses = rule.authorities.map(({ directory }) => this.#state.pauses.get(directory) ?? 0)
      return this.#save(name, { ...plan.state, nextTryAt: Math.min(...pauses) })
    }
    // Written before the first word: a process that dies on the way, again and again, must not order each time anew.
    const failures = plan.state.failures + 1
    const nextTryAt = startedAt + delayAfter(failures, certificate, chance())
    await this.#save(name, { ...plan.state, failures, nextTryAt })

    let waitMs = 0
    for (const authority of open) {
      const trouble = await this.#orderFrom(authority, plan)
      if (!trouble) return
      if (signal.aborted) return
      waitMs = Math.max(waitMs, this.#notePause(authority, trouble))
      const { type, detail, hint } = trouble
      logger.warn(
        { host: name, directory: authority.directory, type, detail, hint },
        'acme: the authority issued no certificate',
      )
    }
    const again = Math.max(nextTryAt, now() + waitMs)
    await this.#save(name, { ...plan.state, failures, nextTryAt: again })
    const nextTry = new Date(again)
    const notAfter = certificate && new Date(certificate.notAfter)
    // An expired one is still served: some clients go on with it, and none could with nothing.
    if (certificate && certificate.notAfter > now())
      logger.warn({ host: name, failures, nextTry, notAfter }, 'acme: not renewed yet')
    else logger.error({ host: name, failures, nextTry, notAfter }, 'acme: no valid certificate')
  }

  /** Undefined: there is a new certificate. */
  async #orderFrom(authority: AcmeAuthority, plan: NamePlan): Promise<TroubleDetails | undefined> {
    const { logger, storage } = this.#scope
    const { directory } = authority
    logger.info({ host: plan.name, directory }, 'acme: ordering')
    const trouble = await this.#tryOrder(authority, plan)
    if (trouble?.type !== 'accountDoesNotExist') return trouble
    this.#sessions.delete(authority)
    await forgetAccount(authority, storage)
    return this.#tryOrder(authority, plan)
  }

  async #tryOrder(authority: AcmeAuthority, plan: NamePlan): Promise<TroubleDetails | undefined> {
    const { rule, storage, now, sleep } = this.#scope
    const { name, certificate, state } = plan
    const { directory, profile } = authority
    try {
      const session = await this.#sessionOf(authority)
      const { chainPem, keyPem } = await placeOrder(
        {
          name,
          keyType: rule.keyType,
          profile,
          // Only its own authority knows the old one.
          replaces:
            certificate && state.directory === directory && session.find('renewalInfo')
              ? await identify(certificate.pem)
              : undefined,
        },
        {
          session,
          now,
          sleep,
          publish: async (challenge) => {
            this.#scope.challenges.set(challenge)
            await this.#publish()
            await sleep(this.#scope.spreadMs)
          },
          withdraw: async (token) => {
            this.#scope.challenges.delete(token)
            await this.#publish()
          },
        },
      )
      this.#scope.signal.throwIfAborted()
      await storage.writeCertificate(name, chainPem, keyPem)
    } catch (error) {
      return detailsOf(error)
    }
    await this.#noteIssued(name, directory)
    return undefined
  }

  async #noteIssued(name: string, directory: string): Promise<void> {
    const { storage, logger, now, onIssued } = this.#scope
    const certificate = await storage.readCertificate(name)
    if (!certificate) throw new Error('a certificate that was just written is gone')
    const { serial, notAfter } = certificate
    const state: NameState = {
      failures: 0,
      nextTryAt: 0,
      serial,
      directory,
      renewAt: undefined,
      askAt: now(),
    }
    await this.#save(name, state)
    logger.info(
      {
        host: name,
        directory,
        notAfter: new Date(notAfter),
        renewal: new Date(renewAtOf(certificate, state)),
      },
      'acme: issued',
    )
    onIssued()
  }

  /** Asks when to renew (RFC 9773). Whatever comes of it, the time without it stays as it was. */
  async #ask({ name, certificate, state }: NamePlan): Promise<void> {
    const { rule, now, chance, logger } = this.#scope
    const authority = rule.authorities.find(({ directory }) => directory === state.directory)
    if (!authority || !certificate) return
    const info = await readRenewalInfo(certificate, () => this.#sessionOf(authority))
    if (!info.ok) {
      const { type, detail } = info.error
      logger.debug({ host: name, type, detail }, 'acme: no renewal information')
    }
    const askAt = now() + nextInformation(info.ok ? info.value : undefined)
    const renewAt = info.ok ? info.value.renewAt(state.renewAt, chance()) : undefined
    await this.#save(name, { ...state, askAt, renewAt })
  }

  /** One session for all names of the round. One that fails fails for all of them, and is not tried again and again. */
  #sessionOf(authority: AcmeAuthority): Promise<Session> {
    const known = this.#sessions.get(authority)
    if (known !== undefined) return known
    const scope: AuthorityScope = this.#scope
    const opening = openSession(authority, scope).then(async (session) => {
      await signIn(session, authority, scope)
      return session
    })
    this.#sessions.set(authority, opening)
    return opening
  }

  /** @returns how long this name waits because the authority said so */
  #notePause({ directory }: AcmeAuthority, { type, retryAfterMs = 0 }: TroubleDetails): number {
    if (retryAfterMs > 0 && (type === 'rateLimited' || type === 'badAnswer')) {
      const until = this.#scope.now() + Math.min(retryAfterMs, LONGEST_PAUSE_MS)
      this.#state.pauses.set(directory, until)
    }
    return retryAfterMs
  }

  #save(name: string, state: NameState): Promise<void> {
    this.#state.names.set(name, state)
    this.#saving = this.#saving
      .catch(() => {})
      .then(async () => {
        if (!this.#scope.signal.aborted) await this.#scope.storage.writeState(this.#state)
      })
    return this.#saving
  }

  #publish(): Promise<void> {
    const { storage, challenges } = this.#scope
    this.#publishing = this.#publishing
      .catch(() => {})
      .then(async () => {
        if (!this.#scope.signal.aborted) await storage.writeChallenges(challenges.list())
      })
    return this.#publishing
  }
}

async function identify(certPem: string): Promise<string | undefined> {
  const { renewalIdOf } = await import('./certificate-request.ts')
  return renewalIdOf(certPem)
}
