/** All that can fail when a configuration is adopted: its ports and what they lead to. A failure leaves nothing behind. */
import { failed, ok, type Result } from '../base/result.ts'
import { type OpenPort, openPort } from '../listeners/open-port.ts'
import type { Logger } from '../observe/logger.ts'
import type { Built } from './build-snapshot.ts'
import { Entrance, type EntranceScope, settingsOf } from './entrance.ts'
import { type HealthServer, openHealthServer } from './health-server.ts'
import { differenceOfPorts, wantedPorts } from './wanted-ports.ts'

/** A port that could not be opened. */
export interface OpenTrouble {
  readonly listener: string
  readonly message: string
}

/** The health port and where it was asked for. */
export interface OpenHealth {
  readonly key: string
  readonly server: HealthServer
}

/** What is open for the configuration in force. */
export interface InForce {
  readonly ports: ReadonlyMap<string, OpenPort>
  readonly entrances: ReadonlyMap<string, Entrance>
  readonly health: OpenHealth | undefined
}

export interface OpenScope extends EntranceScope {
  readonly logger: Logger
  readonly isReady: () => boolean
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
  built: Built,
  current: InForce,
  scope: OpenScope,
): Promise<Result<Opened, OpenTrouble>> {
  const wanted = wantedPorts(built.rules.listeners)
  const { opens, closes } = differenceOfPorts(current.ports.keys(), wanted)
  const newPorts = new Map<string, OpenPort>()
  const entrances = new Map<string, Entrance>()
  let health = current.health
  const discard = async (): Promise<void> => {
    for (const port of newPorts.values()) port.close()
    for (const [key, entrance] of entrances)
      if (current.entrances.get(key) !== entrance) void entrance.retire()
    if (health !== current.health) await health?.server.close()
  }
  const onAcceptError = (error: NodeJS.ErrnoException): void =>
    scope.logger.warn({ reason: error.code }, 'a connection could not be accepted')
  let at = { listener: '', address: '' }
  try {
    for (const want of wanted) {
      at = { listener: want.rule.name, address: want.rule.address }
      const known = current.entrances.get(want.key)
      const isSame = known?.settings === settingsOf(want, built)
      entrances.set(want.key, isSame ? known : await Entrance.create(want, built, scope))
    }
    for (const { key, rule, port } of opens) {
      at = { listener: rule.name, address: rule.address }
      newPorts.set(key, await openPort({ address: rule.address, port }, onAcceptError))
    }
    const { health: asked } = built.rules
    const key = asked && `${asked.address} ${asked.port}`
    if (!asked || key === undefined) health = undefined
    else if (health?.key !== key)
      health = { key, server: await openHealthServer(asked, scope.isReady) }
  } catch (error) {
    await discard()
    return failed({ listener: at.listener, message: openMessage(error, at.address, current) })
  }
  const ports = new Map([...current.ports, ...newPorts])
  for (const key of closes) ports.delete(key)
  return ok({ ports, entrances, health, newPorts, closedKeys: closes, discard })
}

type ListenError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }

function openMessage(thrown: unknown, ruleAddress: string, current: InForce): string {
  const error = thrown as ListenError
  // The health port is opened here too, and it may have an address of its own.
  const address = error.address ?? ruleAddress
  const where = `${address} port ${error.port ?? '?'}`
  switch (error.code) {
    case 'EADDRINUSE':
      if (isOwn(error.port, current))
        return `${where} is still held by the configuration in force: take that out first, then add this one`
      return `${where} is in use by another program`
    case 'EACCES':
      return `${where} may not be opened by this user: ports below 1024 need root, CAP_NET_BIND_SERVICE, or a port mapping`
    case 'EADDRNOTAVAIL':
      return `${address} is not an address of this machine`
  }
  if (error.code?.startsWith('ERR_SSL') || error.code?.startsWith('ERR_OSSL'))
    return `a certificate cannot be used with the TLS profile of the listener (${error.code})`
  return `${where} cannot be opened (${error.code ?? error.message})`
}

/** An address of one network card and all addresses exclude each other, also within one process. */
const isOwn = (port: number | undefined, { ports, health }: InForce): boolean =>
  [...ports.values(), ...(health ? [health.server] : [])].some((open) => open.port === port)
