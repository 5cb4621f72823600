/** Makes the rule of the sign-in guard of what is written. */
import { resolve } from 'node:path'
import type { GuardLimitRule, SharedCountsRule, SignInGuardRule } from './guard-rule.ts'
import type { WrittenRules } from './schema.ts'

type WrittenGuard = WrittenRules['signInGuard']

/** @param directory file names are relative to it */
export function buildGuard(written: WrittenGuard, directory: string): SignInGuardRule {
  const { mode, inspect, blur, allow, logNames } = written
  return {
    mode,
    perUser: buildLimit(written.perUser),
    perClient: buildLimit(written.perClient),
    inspect,
    blurMs: blur,
    allow,
    shared: written.shared && buildShared(written.shared, directory),
    logNames,
  }
}

const buildLimit = ({ failures, window, block }: WrittenGuard['perUser']): GuardLimitRule => ({
  failures,
  windowMs: window,
  blockMs: block,
})

function buildShared(
  { url, user, password, ca, secret, timeout }: NonNullable<WrittenGuard['shared']>,
  directory: string,
): SharedCountsRule {
  return {
    url,
    user,
    passwordFile: password === undefined ? undefined : resolve(directory, password),
    caFile: ca === undefined ? undefined : resolve(directory, ca),
    secretFile: resolve(directory, secret),
    timeoutMs: timeout,
  }
}
