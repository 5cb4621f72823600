/** Calls into a Node script in another process, over its channel. */
import { LOAD_CORE, launch, type Running } from './processes.ts'

interface Question {
  readonly id: number
  readonly name: string
  readonly given: unknown
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Functions by name, each with one argument and a promise; both have to survive JSON. */
export type Functions<Api> = {
  readonly [Name in keyof Api]: (given: never) => Promise<unknown>
}

type Given<Each> = Each extends (given: infer Argument) => Promise<unknown> ? Argument : never
type Result<Each> = Each extends (given: never) => Promise<infer Value> ? Value : never

export interface Remote<Api extends Functions<Api>> {
  readonly running: Running
  call<Name extends keyof Api & string>(
    name: Name,
    given: Given<Api[Name]>,
  ): Promise<Result<Api[Name]>>
}

/** Starts a script on the core of the load. */
export function startRemote<Api extends Functions<Api>>(
  script: URL,
  args: readonly string[],
  directory: string,
): Remote<Api> {
  const running = launch({
    core: LOAD_CORE,
    command: process.execPath,
    args: ['--no-warnings', script.pathname, ...args],
    directory,
    hasChannel: true,
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  running.child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  running.child.on('exit', () => {
    for (const [id, resolve] of waiting)
      resolve({ id, error: `${script.pathname} has ended: ${running.complaint()}` })
  })
  return {
    running,
    call: async (name, given) => {
      last += 1
      const question: Question = { id: last, name, given }
      const { error, value } = await new Promise<Answer>((resolve) => {
        waiting.set(question.id, resolve)
        running.child.send(question)
      })
      if (error !== undefined) throw new Error(error)
      return value as never
    },
  }
}

/** The other end: answers calls until the channel closes. */
export function serveRemote<Api extends Functions<Api>>(api: Api): void {
  process.on('message', (message) => {
    const { id, name, given } = message as Question
    const call = api[name as keyof Api] as unknown as (given: unknown) => Promise<unknown>
    call(given).then(
      (value) => process.send?.({ id, value }),
      (error: Error) => process.send?.({ id, error: error.stack ?? error.message }),
    )
  })
  process.on('disconnect', () => process.exit())
}
