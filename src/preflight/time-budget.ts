/** A preflight ends: when its time is over, every further question is answered at once. */
import type { Surroundings } from './surroundings.ts'

const reason = 'the preflight ran out of time'

/** The same surroundings until the signal; afterwards nothing is asked any more. */
export function withinTime(surroundings: Surroundings, signal: AbortSignal): Surroundings {
  const { dns, probes } = surroundings
  const failed = { status: 'failed', reason } as const
  const unreachable = { kind: 'unreachable', reason } as const
  return {
    ...surroundings,
    dns: {
      srv: async (name) => (signal.aborted ? failed : dns.srv(name)),
      addresses: async (name) => (signal.aborted ? failed : dns.addresses(name)),
      alias: async (name) => (signal.aborted ? failed : dns.alias(name)),
    },
    probes: {
      tls: async (endpoint, name) => (signal.aborted ? unreachable : probes.tls(endpoint, name)),
      version: async (endpoint, name, version) =>
        signal.aborted ? 'unclear' : probes.version(endpoint, name, version),
      signIn: async (endpoint, page, credentials) =>
        signal.aborted ? { kind: 'failed', reason } : probes.signIn(endpoint, page, credentials),
      sip: async (endpoint, domain) =>
        signal.aborted ? unreachable : probes.sip(endpoint, domain),
      web: async (endpoint, page) => (signal.aborted ? unreachable : probes.web(endpoint, page)),
      idle: async (endpoint, page, durationMs) =>
        signal.aborted ? { kind: 'not-held', reason } : probes.idle(endpoint, page, durationMs),
    },
  }
}
