/** Which ports a configuration wants, and how that differs from those that are open. */
import type { ListenerRule, Rules, StreamRule } from '../config/rules.ts'

/** One port that is to be open, whatever it leads to. */
export interface PortWish {
  /** What makes it the same port in two configurations: address and number. */
  readonly key: string
  /** The listener or stream it is for. */
  readonly rule: { readonly name: string; readonly address: string }
  readonly port: number
}

/** One port of a listener. */
export interface WantedPort extends PortWish {
  readonly rule: ListenerRule
  readonly isTls: boolean
}

/** Every port of the listeners, in their order, TLS first. */
export const wantedPorts = (listeners: readonly ListenerRule[]): readonly WantedPort[] =>
  listeners.flatMap((rule) => [
    ...(rule.httpsPort === undefined ? [] : [wantedPort(rule, rule.httpsPort, true)]),
    ...(rule.httpPort === undefined ? [] : [wantedPort(rule, rule.httpPort, false)]),
  ])

/** Port 0 is any port: then only the name of the listener can tell two of them apart. */
const wantedPort = (rule: ListenerRule, port: number, isTls: boolean): WantedPort => ({
  key: port === 0 ? `${rule.name} ${isTls ? 'https' : 'http'}` : `${rule.address} ${port}`,
  rule,
  port,
  isTls,
})

/** The port of a stream. */
export const streamPort = (rule: StreamRule): PortWish => ({
  key: rule.port === 0 ? `${rule.name} stream` : `${rule.address} ${rule.port}`,
  rule,
  port: rule.port,
})

/** Every port of the file. */
export const portWishes = ({
  listeners,
  streams,
}: Pick<Rules, 'listeners' | 'streams'>): readonly PortWish[] => [
  ...wantedPorts(listeners),
  ...streams.map(streamPort),
]

export interface PortDifference {
  readonly opens: readonly PortWish[]
  /** Keys of ports that nobody wants any more. */
  readonly closes: readonly string[]
}

/** @param open keys of the ports that are open */
export function differenceOfPorts(
  open: Iterable<string>,
  wanted: readonly PortWish[],
): PortDifference {
  const before = new Set(open)
  const after = new Set(wanted.map(({ key }) => key))
  return {
    opens: wanted.filter(({ key }) => !before.has(key)),
    closes: [...before].filter((key) => !after.has(key)),
  }
}
