/** The ports that are not for clients: what load balancers and administrators ask. They follow the rules file as well. */
import { failed, ok, type Result } from '../base/result.ts'
import type { Rules } from '../config/rules.ts'
import { openMessage } from './open-message.ts'
import type { OpenTrouble } from './traffic.ts'

/** A port that is open. */
export interface OwnPort {
  readonly port: number
  close(): Promise<void>
  /** A configuration is in force in which it is open. */
  follow?(): void
}

/** How a port of one kind is opened. Rejects with Node's error. */
export interface OwnPortKind {
  readonly name: 'health' | 'admin'
  /** What the file asks for, as plain data; undefined: no such port. Another value opens another port. */
  wanted(rules: Rules): { readonly address: string; readonly port: number } | undefined
  open(rules: Rules): Promise<OwnPort>
}

export interface PreparedPorts {
  commit(): void
  discard(): Promise<void>
}

interface Open {
  readonly key: string
  readonly port: OwnPort
}

export class OwnPorts {
  readonly #kinds: readonly OwnPortKind[]
  #open: ReadonlyMap<string, Open> = new Map()

  constructor(kinds: readonly OwnPortKind[]) {
    this.#kinds = kinds
  }

  /** The port that is really open; undefined: there is none. */
  portOf(name: OwnPortKind['name']): number | undefined {
    return this.#open.get(name)?.port.port
  }

  /** Opens what is new, or nothing at all. */
  async prepare(rules: Rules): Promise<Result<PreparedPorts, OpenTrouble>> {
    const before = this.#open
    const next = new Map<string, Open>()
    const closeNew = async (): Promise<void> => {
      for (const [name, { port }] of next) if (before.get(name)?.port !== port) await port.close()
    }
    for (const kind of this.#kinds) {
      const wanted = kind.wanted(rules)
      if (!wanted) continue
      const key = JSON.stringify(wanted)
      const known = before.get(kind.name)
      try {
        const port = known?.key === key ? known.port : await kind.open(rules)
        next.set(kind.name, { key, port })
      } catch (error) {
        await closeNew()
        const isOwn = (port: number | undefined): boolean =>
          [...before.values()].some((open) => open.port.port === port)
        const message = openMessage(error, wanted.address, isOwn)
        return failed({ listener: kind.name, message })
      }
    }
    return ok({
      commit: () => {
        this.#open = next
        for (const [name, { port }] of before) if (next.get(name)?.port !== port) void port.close()
        for (const { port } of next.values()) port.follow?.()
      },
      discard: closeNew,
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ port }) => port.close()))
  }
}
