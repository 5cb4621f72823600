/** Turns a host as written in a rule into the names it stands for. */
import { parsePublishedHost, sipDomainToken } from './host-name.ts'

/** Whether the host means one name for each SIP domain. */
export const usesSipDomain = (written: string): boolean => written.includes(sipDomainToken)

/** The names a host stands for, ready for the routing; none for what is no host. */
export function expandHost(written: string, sipDomains: readonly string[]): readonly string[] {
  const names = usesSipDomain(written)
    ? sipDomains.map((domain) => written.replaceAll(sipDomainToken, domain))
    : [written]
  return names.flatMap((name) => {
    const host = parsePublishedHost(name)
    return host.ok ? [host.value] : []
  })
}
