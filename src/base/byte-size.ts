/** Sizes as administrators write them (`64KiB 1GiB`), in bytes inside the program. */
import { failed, ok, type Result } from './result.ts'

/** What a size looks like, for schemas and messages. */
export const byteSizePattern = /^\d{1,15}(?:B|KiB|MiB|GiB|TiB)$/

const unitsBytes = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

type Unit = keyof typeof unitsBytes

const units: readonly Unit[] = ['TiB', 'GiB', 'MiB', 'KiB', 'B']

const isUnit = (text: string): text is Unit => Object.hasOwn(unitsBytes, text)

/**
 * Reads one whole number with one unit, `B`, `KiB`, `MiB`, `GiB` or `TiB` (powers of 1024).
 * KB, MB and K are refused: some read 1000, some 1024, and a limit must not depend on the reader.
 * Returns bytes, or a sentence that says what is wrong.
 */
export function parseByteSize(text: string): Result<number, string> {
  const [, digits = '', unit = ''] = /^(\d{1,15})([A-Za-z]{0,3})$/.exec(text) ?? []
  if (isUnit(unit)) {
    const bytes = Number(digits) * unitsBytes[unit]
    if (Number.isSafeInteger(bytes)) return ok(bytes)
    return failed('that is more bytes than can be counted exactly')
  }
  const meant = digits === '' ? undefined : meantUnit(unit)
  if (meant) return failed(`write ${digits}${meant}; ${unit || 'no unit'} is ambiguous`)
  return failed('a size is a whole number with B, KiB, MiB or GiB, such as 64KiB')
}

/** Writes bytes with the largest unit that divides them: 65536 is `64KiB`. */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return '0B'
  const unit = units.find((candidate) => bytes % unitsBytes[candidate] === 0) ?? 'B'
  return `${bytes / unitsBytes[unit]}${unit}`
}

/** `KB`, `k`, `mb`, `kib` and the like: the same first letter, spelt our way. */
function meantUnit(written: string): Unit | undefined {
  if (written === '') return 'B'
  if (!/^[kmgtb]/i.test(written)) return undefined
  return units.find((unit) => unit.startsWith(written.charAt(0).toUpperCase()))
}
