/** Text from the network (DNS names, certificates, answers) made fit to be shown: one line, bounded, nothing hidden. */

/** Right-to-left scripts: even without control characters they would reorder what stands beside them. */
const rightToLeft =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** Letters, digits, punctuation, symbols and the plain space; marks that pile up and all else are spelt out. */
const plain = /[\p{L}\p{N}\p{P}\p{S} ]/u

/**
 * The text with every other character as `\u{…}`, cut after `longest` characters.
 * Control, direction-changing, invisible and combining characters could repaint a terminal or a report.
 */
export function visible(text: string, longest = 400): string {
  // An escape is at most ten times as long as its character; what lies behind that is not looked at.
  const characters = [...text.slice(0, 4 * longest).normalize('NFC')]
  let shown = ''
  for (const character of characters) {
    if (shown.length >= longest) return `${shown}…`
    shown += isPlain(character) ? character : escaped(character)
  }
  return text.length > 4 * longest ? `${shown}…` : shown
}

const isPlain = (character: string): boolean =>
  plain.test(character) && !rightToLeft.test(character)

const escaped = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`

/** A list as a person would write it, at most `most` entries. */
export function visibleList(entries: readonly string[], most = 6): string {
  const shown = entries.slice(0, most).map((entry) => visible(entry, 80))
  const rest = entries.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
