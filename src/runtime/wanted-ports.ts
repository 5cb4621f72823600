/** Which ports a configuration wants, and how that differs from those that are open. */
import type { ListenerRule } from '../config/rules.ts'

/** One port of a listener. */
export interface WantedPort {
  /** What makes it the same port in two configurations: address and number. */
  readonly key: string
  readonly rule: ListenerRule
  readonly port: number
  readonly isTls: boolean
}

/** Every port of the file, in its order, TLS first. */
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

export interface PortDifference {
  readonly opens: readonly WantedPort[]
  /** Keys of ports that nobody wants any more. */
  readonly closes: readonly string[]
}

/** @param open keys of the ports that are open */
export function differenceOfPorts(
  open: Iterable<string>,
  wanted: readonly WantedPort[],
): PortDifference {
  const before = new Set(open)
  const after = new Set(wanted.map(({ key }) => key))
  return {
    opens: wanted.filter(({ key }) => !before.has(key)),
    closes: [...before].filter((key) => !after.has(key)),
  }
}
