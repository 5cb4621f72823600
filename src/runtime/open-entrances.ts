/** All that can fail when a configuration is adopted: its ports and what they lead to. A failure leaves nothing behind. */
import { failed, ok, type Result } from '../base/result.ts'
import { type OpenPort, openPort } from '../listeners/open-port.ts'
import type { Logger } from '../observe/logger.ts'
import type { Assembled } from './assemble.ts'
import { Entrance, type EntranceScope, settingsOf } from './entrance.ts'
import { openMessage } from './open-message.ts'
import type { OpenTrouble } from './traffic.ts'
import { differenceOfPorts, portWishes, wantedPorts } from './wanted-ports.ts'

/** What is open for the configuration in force. */
export interface InForce {
  readonly ports: ReadonlyMap<string, OpenPort>
  readonly entrances: ReadonlyMap<string, Entrance>
}

export interface OpenScope extends EntranceScope {
  readonly logger: Logger
  /** Other processes open the same ports, and the kernel shares out the connections. */
  readonly sharesPorts: boolean
}

/** What is open for the next configuration: taken over where it is the same, new where it is not. */
export interface Opened extends InForce {
  /** Ports that take connections already and hold them until `begin`. */
  readonly newPorts: ReadonlyMap<string, OpenPort>
  readonly closedKeys: readonly string[]
  /** Closes what is new. */
  discard(): Promise<void>
}

export async function openEntrances(
  next: Assembled,
  current: InForce,
  scope: OpenScope,
): Promise<Result<Opened, OpenTrouble>> {
  const wanted = wantedPorts(next.rules.listeners)
  // What a stream's port leads to cannot fail: it stands in the configuration itself.
  const { opens, closes } = differenceOfPorts(current.ports.keys(), portWishes(next.rules))
  const newPorts = new Map<string, OpenPort>()
  const entrances = new Map<string, Entrance>()
  const discard = async (): Promise<void> => {
    for (const port of newPorts.values()) port.close()
    for (const [key, entrance] of entrances)
      if (current.entrances.get(key) !== entrance) void entrance.retire()
  }
  const onAcceptError = (error: NodeJS.ErrnoException): void =>
    scope.logger.warn({ reason: error.code }, 'a connection could not be accepted')
  let at = { listener: '', address: '' }
  try {
    for (const want of wanted) {
      at = { listener: want.rule.name, address: want.rule.address }
      const known = current.entrances.get(want.key)
      const isSame = known?.settings === settingsOf(want, next)
      entrances.set(want.key, isSame ? known : await Entrance.create(want, next, scope))
    }
    for (const { key, rule, port } of opens) {
      at = { listener: rule.name, address: rule.address }
      const where = { address: rule.address, port, isShared: scope.sharesPorts }
      newPorts.set(key, await openPort(where, onAcceptError))
    }
  } catch (error) {
    await discard()
    const isOwn = (port: number | undefined): boolean =>
      [...current.ports.values()].some((open) => open.port === port)
    return failed({ listener: at.listener, message: openMessage(error, at.address, isOwn) })
  }
  const ports = new Map([...current.ports, ...newPorts])
  for (const key of closes) ports.delete(key)
  return ok({ ports, entrances, newPorts, closedKeys: closes, discard })
}
