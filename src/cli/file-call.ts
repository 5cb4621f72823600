/** The call of a command that looks into one file: `FILE [--json]`. */
import { parseArgs } from 'node:util'

export interface FileCall {
  readonly file: string
  readonly json: boolean
}

/** The call, or what is wrong with it. */
export function readFileCall(args: readonly string[]): FileCall | string {
  try {
    const options = { json: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [file, ...rest] = positionals
    if (file === undefined || file === '') return 'no FILE given'
    if (rest.length > 0) return 'more than one FILE given'
    return { file, json: values.json }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
