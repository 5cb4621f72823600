/** Takes secrets out of what is logged. Fields (Authorization, cookies, tickets) are never logged at all. */

/** Query names whose values sign somebody in or could be replayed: tickets, tokens, passwords. */
const SECRET =
  /ticket|token|passw|pwd|secret|assertion|credential|signature|auth|api[-_]?key|^code$|^sig$|^t$/i

const MAX_TARGET = 2048

/** A request target for the log: secret query values are `***`, and it has an end. */
export function redactTarget(target: string): string {
  const text = target.length > MAX_TARGET ? `${target.slice(0, MAX_TARGET)}…` : target
  const query = text.indexOf('?')
  if (query === -1) return text
  // A second "?" starts a new pair: such targets are seen from real clients (two "?" in one URL).
  return (
    text.slice(0, query) + text.slice(query).replace(/([?&;])([^=&;?]*)=([^&;?]*)/g, redactPair)
  )
}

function redactPair(pair: string, separator: string, name: string): string {
  return SECRET.test(decodeOnce(name)) ? `${separator}${name}=***` : pair
}

/** `%74oken` is `token` to the server. */
function decodeOnce(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
