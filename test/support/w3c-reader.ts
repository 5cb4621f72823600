/** Reads W3C extended logs by the working draft alone, strictly, knowing nothing of the program that writes them. */

export type W3cEntry = Readonly<Record<string, string>>

export interface W3cFile {
  readonly directives: readonly string[]
  readonly entries: readonly W3cEntry[]
}

/** Throws at the first line that is neither a directive nor an entry of the fields announced before it. */
export function readW3c(text: string): W3cFile {
  const directives: string[] = []
  const entries: W3cEntry[] = []
  let fields: readonly string[] | undefined
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end')
  for (const line of text.split('\n').slice(0, -1)) {
    if (!/^[\x20-\x7e]+$/.test(line)) throw new Error(`not visible ASCII: ${JSON.stringify(line)}`)
    if (line.startsWith('#')) {
      const [, name = '', value = ''] = /^#([A-Za-z-]+): (.+)$/.exec(line) ?? []
      if (!['Version', 'Software', 'Date', 'Fields'].includes(name))
        throw new Error(`no directive: ${line}`)
      directives.push(name)
      if (name === 'Fields') fields = value.split(' ')
      continue
    }
    // To a reader that follows the draft a quote begins a string.
    if (line.includes('"')) throw new Error(`a quote: ${line}`)
    const values = line.split(' ')
    if (!fields) throw new Error('an entry before #Fields')
    if (values.length !== fields.length || values.includes(''))
      throw new Error(`${values.length} values for ${fields.length} fields: ${line}`)
    entries.push(Object.fromEntries(fields.map((name, index) => [name, values[index] ?? ''])))
  }
  return { directives, entries }
}
