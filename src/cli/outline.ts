/** What a command takes, read off its usage line, so that completion and the man page cannot disagree with it. */

export interface CommandText {
  readonly summary: string
  readonly usage: string
  /** What `--help` says after usage and summary. */
  readonly details?: string
  /** Words it takes instead of a file. */
  readonly words?: readonly string[]
}

export interface OptionOutline {
  /** With both dashes. */
  readonly name: string
  /** What its value stands for, such as FILE; undefined: it takes none. */
  readonly value: string | undefined
}

export interface CommandOutline {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionOutline[]
  readonly words: readonly string[]
}

/** The outline of each command, in the order of the table. */
export function outlineCommands(
  commands: Readonly<Record<string, CommandText>>,
): readonly CommandOutline[] {
  return Object.entries(commands).map(([name, { summary, usage, words = [] }]) => ({
    name,
    summary,
    options: [...usage.matchAll(/(--[a-z][a-z-]*)(?: ([A-Z]+))?/g)].map(
      ([, option = '', value]) => ({
        name: option,
        value,
      }),
    ),
    words,
  }))
}
