/** What `lyncgate init` is called with. */
import { parseArgs } from 'node:util'

export const initUsage =
  'usage: lyncgate init [--topology FILE]... [--pool NAME] [--out FILE] [--force] [--json]\n'

export const initDetails = `
  --topology FILE   a topology document (.tbxml, Get-CsTopology -AsXml), or what Get-CsService, Get-CsPool, Get-CsSipDomain
                    and Get-CsSimpleUrlConfiguration say as text, CSV or CliXml; may be repeated. Without it, on a
                    terminal: a few questions
  --pool NAME       the pool that answers meetings, dial-in and autodiscover; default: a Director, else the first pool
  --out FILE        the rules file to write; default: lyncgate.yaml in this folder; "-" is stdout
  --force           replaces a file that is there
  --json            everything as JSON on stdout; a file is written only with --out

Exit codes: 0 written, 1 cancelled or not written, 2 the call was wrong or a file cannot be used. docs/init.md says more.
`

export const defaultOut = 'lyncgate.yaml'

export interface InitCall {
  readonly topology: readonly string[]
  readonly pool: string | undefined
  /** Undefined: not to a file. */
  readonly out: string | undefined
  readonly toStdout: boolean
  readonly force: boolean
  readonly json: boolean
}

const mostSources = 20

/** The call, or what is wrong with it. */
export function readInitCall(args: readonly string[]): InitCall | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        topology: { type: 'string', multiple: true, default: [] },
        pool: { type: 'string' },
        out: { type: 'string' },
        force: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const { topology, pool, out, force, json } = values
    if (topology.length > mostSources) return `more than ${mostSources} --topology`
    if ([...topology, pool, out].includes('')) return 'an option is empty'
    if (json && out === '-') return '--json and --out - both want stdout'
    const toStdout = out === '-'
    const file = out ?? (json ? undefined : defaultOut)
    return { topology, pool, out: toStdout ? undefined : file, toStdout, force, json }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
