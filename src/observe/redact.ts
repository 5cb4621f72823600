/** Takes secrets out of what is logged. Fields (Authorization, cookies, tickets) are never logged at all. */

/** Query names whose values sign somebody in or could be replayed: tickets, tokens, passwords. */
const SECRET =
  /ticket|token|passw|pwd|secret|assertion|saml|wresult|credential|signature|auth|api[-_]?key|^code$|^sig$|^t$/i

/** True for the name of a field or value that signs somebody in, or could be replayed. */
export const isSecretName = (name: string): boolean => SECRET.test(name)

const MAX_TARGET = 2048

/** A request target for the log: secret values are `***`, and it has an end. */
export function redactTarget(target: string): string {
  const text = target.length > MAX_TARGET ? `${target.slice(0, MAX_TARGET)}…` : target
  // A second "?" starts a new pair: such targets are seen from real clients (two "?" in one URL). Path parameters and
  // fragments can carry tokens as well.
  return withoutUser(text).replace(/([?&;#])([^=&;?#]*)=([^&;?#]*)/g, redactPair)
}

/** An absolute-form target may name a user and a password; it is refused, but logged (RFC 9110 4.2.4). */
function withoutUser(text: string): string {
  if (text.startsWith('/')) return text
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^?#]*@/i, '$1***@')
}

function redactPair(pair: string, separator: string, name: string, value: string): string {
  return SECRET.test(decodeOnce(name)) || hidesSecret(value) ? `${separator}${name}=***` : pair
}

/** True for a URL inside the value, encoded once, that carries a secret pair itself (`wctx`, `ru` and their like). */
function hidesSecret(value: string): boolean {
  if (!value.includes('%')) return false
  for (const [, name = ''] of decodeOnce(value).matchAll(/(?:^|[?&;#])([^=&;?#]*)=/g)) {
    if (SECRET.test(decodeOnce(name))) return true
  }
  return false
}

/** `%74oken` is `token` to the server. */
function decodeOnce(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
