/** `lyncgate explain FILE URL`: what a request to a URL gets, and why, from the very code that serves. */
import { parseArgs } from 'node:util'
import { loadRules } from '../config/load.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import { buildSnapshot } from '../runtime/build-snapshot.ts'
import { formatProblems } from './check.ts'
import { type ExplainCall, type Explanation, explain } from './explanation.ts'
import { alignTable, type CommandIo, paint, printJson } from './output.ts'

export const explainUsage =
  'usage: lyncgate explain FILE URL [--method METHOD] [--client ADDRESS] [--listener NAME] [--json]\n'

interface Call extends ExplainCall {
  readonly file: string
  readonly json: boolean
}

/** Resolves to the exit code: 0 explained, 1 the file cannot be used, 2 the call was wrong. */
export async function runExplain(args: readonly string[], io: CommandIo): Promise<number> {
  const call = readCall(args)
  if (typeof call === 'string') {
    io.stderr(`lyncgate explain: ${call}\n${explainUsage}`)
    return 2
  }
  const loaded = await loadRules(call.file)
  if (!loaded.ok) return refuse(call.file, loaded.error, io)
  const built = await buildSnapshot(loaded.value, {
    registry: new ServerRegistry(),
    revision: 0,
    now: new Date(),
  })
  if (!built.ok) return refuse(call.file, built.error, io)
  const explanation = explain(call, built.value)
  if (typeof explanation === 'string') {
    io.stderr(`lyncgate explain: ${explanation}\n${explainUsage}`)
    return 2
  }
  if (call.json) printJson(io, explanation)
  else io.stdout(formatExplanation(explanation, io))
  return 0
}

/** The steps under each other. */
export function formatExplanation({ steps }: Explanation, io: CommandIo): string {
  return alignTable(steps.map(({ step, says }) => [paint(io, 'bold', step), says]))
}

function refuse(
  file: string,
  problems: Parameters<typeof formatProblems>[1],
  io: CommandIo,
): number {
  io.stderr(formatProblems(file, problems, io))
  return 1
}

function readCall(args: readonly string[]): Call | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        method: { type: 'string', default: 'GET' },
        client: { type: 'string', default: '192.0.2.1' },
        listener: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [file, url, ...rest] = positionals
    if (!file || !url || rest.length > 0) return 'FILE and URL are needed'
    return { file, url, ...values, listener: values.listener }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
