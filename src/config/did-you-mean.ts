/** Finds what a misspelt word was meant to be. */

// Longer words and longer lists are no slip of the hand, and would cost time.
const longestCompared = 40
const mostCompared = 1_000

/** A hint with the nearest candidate, or with all of them when none is near and they are few. */
export function suggest(written: string, candidates: readonly string[]): string | undefined {
  const nearest = findNearest(written, candidates)
  if (nearest !== undefined) return `did you mean "${nearest}"?`
  if (candidates.length === 0 || candidates.length > 20) return undefined
  return candidates.length === 1
    ? `there is only "${candidates[0]}"`
    : `there are ${candidates.join(', ')}`
}

/**
 * The candidate within a third of the word's length in typing mistakes, the first among equals; else
 * the only one that the word begins with or that begins with the word.
 */
export function findNearest(written: string, candidates: readonly string[]): string | undefined {
  if (written.length === 0 || written.length > longestCompared) return undefined
  const word = fold(written)
  const allowed = Math.max(1, Math.floor(word.length / 3))
  const [nearest] = candidates
    .slice(0, mostCompared)
    .filter((candidate) => candidate.length <= longestCompared)
    .map((candidate) => ({ candidate, distance: countEdits(word, fold(candidate)) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((left, right) => left.distance - right.distance)
  return nearest?.candidate ?? findOnlyPrefix(word, candidates)
}

function findOnlyPrefix(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < 3) return undefined
  const [only, another] = candidates.filter((candidate) => {
    const other = fold(candidate)
    return other.length >= 3 && (word.startsWith(other) || other.startsWith(word))
  })
  return another === undefined ? only : undefined
}

// request-head, request_head and RequestHead are one word to a person.
const fold = (text: string): string => text.toLowerCase().replace(/[-_ ]/g, '')

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function countEdits(from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1
      const isSwap =
        row > 1 &&
        column > 1 &&
        from[row - 1] === to[column - 2] &&
        from[row - 2] === to[column - 1]
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + cost,
        isSwap ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.length] ?? 0
}
