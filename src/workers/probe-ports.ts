/**
 * Finds out whether ports can be opened before workers open them. They open each port together (SO_REUSEPORT), and so
 * would two proxies that were started by mistake: neither would notice the other, and each would get half of the clients.
 */
import type { Rules } from '../config/rules.ts'
import { openPort } from '../listeners/open-port.ts'
import { openMessage } from '../runtime/open-message.ts'
import type { OpenTrouble } from '../runtime/traffic.ts'
import { differenceOfPorts, portWishes } from '../runtime/wanted-ports.ts'

type Ports = Pick<Rules, 'listeners' | 'streams'>

/**
 * Opens each port that is new, alone, and closes it again.
 * @param current the configuration in force; undefined: there is none
 * @returns the first trouble; undefined: all can be opened
 */
export async function probePorts(
  next: Ports,
  current: Ports | undefined,
): Promise<OpenTrouble | undefined> {
  const open = current ? portWishes(current) : []
  const { opens } = differenceOfPorts(
    open.map(({ key }) => key),
    portWishes(next),
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
