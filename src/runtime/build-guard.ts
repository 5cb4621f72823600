/** The sign-in guard of a configuration: what each request looks at, and what the desk decides by. */
import type { SignInGuardRule } from '../config/guard-rule.ts'
import { accountKey } from '../guard/account-key.ts'
import type { DeskSettings } from '../guard/sign-in-desk.ts'
import type { GuardView } from '../pipeline/snapshot.ts'
import { addressList } from './address-list.ts'

export function guardView({ mode, inspect, blurMs }: SignInGuardRule): GuardView {
  const isOn = mode !== 'off'
  return {
    isOn,
    inspects: isOn && (inspect.webTicket || inspect.ucwa),
    inspectsWebTicket: isOn && inspect.webTicket,
    inspectsOauth: isOn && inspect.ucwa,
    blurMs: isOn ? blurMs : 0,
  }
}

export const deskSettings = (rule: SignInGuardRule): DeskSettings => ({
  mode: rule.mode,
  perUser: rule.perUser,
  perClient: rule.perClient,
  isAllowedClient: addressList(rule.allow.clients),
  allowedUsers: new Set(rule.allow.users.map(accountKey)),
})
