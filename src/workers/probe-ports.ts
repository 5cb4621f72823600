/**
 * Finds out whether ports can be opened before workers open them. They open each port together (SO_REUSEPORT), and so
 * would two proxies that were started by mistake: neither would notice the other, and each would get half of the clients.
 */
import type { ListenerRule } from '../config/rules.ts'
import { openPort } from '../listeners/open-port.ts'
import { openMessage } from '../runtime/open-message.ts'
import type { OpenTrouble } from '../runtime/traffic.ts'
import { differenceOfPorts, wantedPorts } from '../runtime/wanted-ports.ts'

/**
 * Opens each port that is new, alone, and closes it again.
 * @param current listeners of the configuration in force
 * @returns the first trouble; undefined: all can be opened
 */
export async function probePorts(
  next: readonly ListenerRule[],
  current: readonly ListenerRule[],
): Promise<OpenTrouble | undefined> {
  const open = wantedPorts(current)
  const { opens } = differenceOfPorts(
    open.map(({ key }) => key),
    wantedPorts(next),
  )
  for (const { rule, port } of opens) {
    try {
      const probe = await openPort({ address: rule.address, port, isShared: false }, () => {})
      probe.close()
    } catch (error) {
      const isOwn = (taken: number | undefined): boolean => open.some((own) => own.port === taken)
      return { listener: rule.name, message: openMessage(error, rule.address, isOwn) }
    }
  }
  return undefined
}
