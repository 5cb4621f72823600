/** The head of a request as the server gets it: the client's fields in their order, case and repetition. */
import { isForwardedField, isHopByHop } from './fields.ts'

export interface RequestHead {
  readonly method: string
  /** Origin-form, byte for byte as received. */
  readonly target: string
  /** Name, value, … as received. */
  readonly rawFields: readonly string[]
  /** Lower-case names that Connection nominated. */
  readonly nominated: ReadonlySet<string> | undefined
  readonly framing: 'none' | 'length' | 'chunked'
  /** Keep what earlier proxies wrote about the client: true only for trusted ones. */
  readonly keepForwarded: boolean
  /** Expect of an HTTP/1.0 request is ignored (RFC 9110 10.1.1). */
  readonly dropExpect: boolean
  /** A Host for a request that came without one (HTTP/1.0 with an absolute-form target). */
  readonly addHost: string | undefined
  /** Written as X-Forwarded-For, -Proto and -Host. */
  readonly forwarded: { readonly for: string; readonly proto: string; readonly host: string }
  /** The id of the request for the server, and the field it stands in; undefined: servers are told none. */
  readonly requestId?: { readonly field: string; readonly id: string } | undefined
  /** For a tunnel: `Connection: Upgrade` and `Upgrade: websocket` instead of keep-alive. */
  readonly upgrade: boolean
}

/**
 * The fields that go to the server, as a flat list. Framing is set from what was parsed, never from what was copied,
 * apart from a Content-Length that screening has found to be the only one and made of digits.
 */
export function requestFields(head: RequestHead): string[] {
  const { rawFields, nominated } = head
  const fields: string[] = []
  if (head.addHost !== undefined) fields.push('Host', head.addHost)
  for (let i = 0; i + 1 < rawFields.length; i += 2) {
    const name = rawFields[i] as string
    if (isHopByHop(name)) continue
    if (isForwardedField(name) && !(head.keepForwarded && !isRewritten(name))) continue
    if (nominated?.has(name.toLowerCase())) continue
    if (head.dropExpect && name.length === 6 && name.toLowerCase() === 'expect') continue
    fields.push(name, rawFields[i + 1] as string)
  }
  if (head.requestId) replaceField(fields, head.requestId.field, head.requestId.id)
  fields.push('X-Forwarded-For', head.forwarded.for)
  fields.push('X-Forwarded-Proto', head.forwarded.proto)
  fields.push('X-Forwarded-Host', head.forwarded.host)
  if (head.framing === 'chunked') fields.push('Transfer-Encoding', 'chunked')
  // IIS keeps a connection by default in HTTP/1.1; said all the same, because NTLM depends on it.
  if (head.upgrade) fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  else fields.push('Connection', 'keep-alive')
  return fields
}

/** Takes out every spelling that a server may take for the field: CGI style makes `_` of all signs. */
function replaceField(fields: string[], name: string, value: string): void {
  const own = plainName(name)
  for (let i = fields.length - 2; i >= 0; i -= 2) {
    const other = fields[i] as string
    if (other.length === name.length && plainName(other) === own) fields.splice(i, 2)
  }
  fields.push(name, value)
}

const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '_')

/** The three that the proxy always writes itself, with what a trusted proxy said already inside. */
const isRewritten = (name: string): boolean =>
  /^x[^a-z0-9]forwarded[^a-z0-9](?:for|proto|host)$/i.test(name)

/** The bytes of the head, as a latin1 string, for one write. */
export function writeRequestHead(head: RequestHead): string {
  const fields = requestFields(head)
  let text = `${head.method} ${head.target} HTTP/1.1\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2)
    // biome-ignore lint/style/useTemplate: a template makes a text of each part first, which they are
    text += (fields[i] as string) + ': ' + (fields[i + 1] as string) + '\r\n'
  return `${text}\r\n`
}
