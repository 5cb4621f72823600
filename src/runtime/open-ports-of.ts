/** The ports of the file as they are really open. */
import type { Rules } from '../config/rules.ts'
import type { OpenPorts } from './traffic.ts'
import { streamPort, wantedPorts } from './wanted-ports.ts'

/** One entry for each listener and stream, in the order of the file. @param ports by the keys of `wantedPorts` */
export function openPortsOf(
  { listeners, streams }: Pick<Rules, 'listeners' | 'streams'>,
  ports: ReadonlyMap<string, { readonly port: number }>,
): readonly OpenPorts[] {
  const none = { httpPort: undefined, httpsPort: undefined, streamPort: undefined }
  return [
    ...listeners.map((rule) => {
      const own = wantedPorts([rule])
      const numberOf = (isTls: boolean): number | undefined => {
        const key = own.find((port) => port.isTls === isTls)?.key
        return key === undefined ? undefined : ports.get(key)?.port
      }
      return { ...none, name: rule.name, httpPort: numberOf(false), httpsPort: numberOf(true) }
    }),
    ...streams.map((rule) => {
      const { key } = streamPort(rule)
      return { ...none, name: rule.name, streamPort: ports.get(key)?.port }
    }),
  ]
}
