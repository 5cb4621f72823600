/** Single byte ranges (RFC 9110, 14). */

/** What a Range header asks of a resource; `whole` when it is absent, malformed or has several ranges. */
export type ByteRange = 'whole' | 'unsatisfiable' | { readonly start: number; readonly end: number }

/** Reads a Range header for a resource of the given length. `end` is one past the last byte. */
export function readRange(header: string | undefined, length: number): ByteRange {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return 'whole'
  const start = first === '' ? Math.max(0, length - Number(last)) : Number(first)
  const end = first === '' || last === '' ? length : Math.min(length, Number(last) + 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return 'whole'
  return start < end ? { start, end } : 'unsatisfiable'
}
