/** `lyncgate completion SHELL`: prints what a shell needs to complete commands and options. */
import type { CommandOutline } from './outline.ts'
import type { CommandIo } from './output.ts'

export const completionUsage = 'usage: lyncgate completion SHELL\n'

export const completionDetails = `
  bash        lyncgate completion bash > /etc/bash_completion.d/lyncgate
  zsh         lyncgate completion zsh > /usr/local/share/zsh/site-functions/_lyncgate
  fish        lyncgate completion fish > ~/.config/fish/completions/lyncgate.fish
  powershell  lyncgate completion powershell | Out-String | Invoke-Expression
`

type Writer = (commands: readonly CommandOutline[]) => string

/** Resolves to the exit code: 0 printed, 2 the call was wrong. */
export async function runCompletion(
  args: readonly string[],
  io: CommandIo,
  commands: readonly CommandOutline[],
): Promise<number> {
  const [shell = '', ...rest] = args
  const write = Object.hasOwn(writers, shell) ? writers[shell] : undefined
  if (!write || rest.length > 0) {
    io.stderr(`lyncgate completion: one of ${shells.join(', ')}\n${completionUsage}`)
    return 2
  }
  io.stdout(write(commands))
  return 0
}

const namesOf = (commands: readonly CommandOutline[]): string =>
  commands.map(({ name }) => name).join(' ')

const isFile = (value: string | undefined): boolean => value === 'FILE'

const writeBash: Writer = (commands) => {
  const cases = commands.map(({ name, options, words }) => {
    const withFile = options.filter(({ value }) => isFile(value)).map((each) => each.name)
    const withValue = options.flatMap((each) =>
      each.value && !isFile(each.value) ? each.name : [],
    )
    const offered = [...options.map((each) => each.name), '--help'].join(' ')
    return `    ${name}) options='${offered}' files='${withFile.join(' ')}' values='${withValue.join(' ')}' words='${words.join(' ')}' ;;\n`
  })
  return `# bash completion of lyncgate
_lyncgate() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} options files values words
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '${namesOf(commands)}' -- "$word")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('')}    *) return ;;
  esac
  [[ " $values " == *" $before "* ]] && return
  if [[ $word == -* && " $files " != *" $before "* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _lyncgate lyncgate
`
}

/** In single quotes for a POSIX shell and for zsh. */
const inQuotes = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const writeZsh: Writer = (commands) => {
  const rows = commands.map(
    ({ name, summary }) => `    ${inQuotes(`${name}:${summary.replaceAll(':', '\\:')}`)}\n`,
  )
  const cases = commands.map(({ name, options, words }) => {
    const given = [...options, { name: '--help', value: undefined }].map((each) => {
      const action = isFile(each.value) ? '_files' : ' '
      return inQuotes(`*${each.name}${each.value === undefined ? '' : `:${each.value}:${action}`}`)
    })
    const rest = inQuotes(words.length > 0 ? `*: :(${words.join(' ')})` : '*: :_files')
    return `    ${name}) _arguments ${[...given, rest].join(' ')} ;;\n`
  })
  return `#compdef lyncgate
_lyncgate() {
  local -a commands
  commands=(
${rows.join('')}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local chosen=$words[2]
  shift words
  (( CURRENT-- ))
  case $chosen in
${cases.join('')}  esac
}
if [[ $funcstack[1] == _lyncgate ]]; then _lyncgate "$@"; else compdef _lyncgate lyncgate; fi
`
}

const fishQuotes = (text: string): string => `'${text.replace(/['\\]/g, (each) => `\\${each}`)}'`

const writeFish: Writer = (commands) => {
  const lines = commands.flatMap(({ name, summary, options, words }) => {
    const seen = `complete -c lyncgate -n '__fish_seen_subcommand_from ${name}'`
    return [
      `complete -c lyncgate -n __fish_use_subcommand -f -a ${name} -d ${fishQuotes(summary)}`,
      ...options.map((each) => {
        const value = each.value === undefined ? '' : isFile(each.value) ? ' -r -F' : ' -x'
        return `${seen} -l ${each.name.slice(2)}${value}`
      }),
      ...(words.length > 0 ? [`${seen} -f -a '${words.join(' ')}'`] : []),
    ]
  })
  return `# fish completion of lyncgate\n${lines.join('\n')}\n`
}

const powershellQuotes = (text: string): string => `'${text.replaceAll("'", "''")}'`

const writePowershell: Writer = (commands) => {
  const rows = commands.map(({ name, options, words }) => {
    const offered = [...words, ...options.map((each) => each.name), '--help']
    return `    ${powershellQuotes(name)} = @(${offered.map(powershellQuotes).join(', ')})\n`
  })
  return `# PowerShell completion of lyncgate
Register-ArgumentCompleter -Native -CommandName lyncgate -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $offered = [ordered]@{
${rows.join('')}  }
  $elements = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
  $isFirst = $elements.Count -lt 2 -or ($elements.Count -eq 2 -and $wordToComplete -ne '')
  $words = if ($isFirst) { $offered.Keys } else { $offered[$elements[1]] }
  $words | Where-Object { $_ -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`
}

const writers: Readonly<Record<string, Writer>> = {
  bash: writeBash,
  zsh: writeZsh,
  fish: writeFish,
  powershell: writePowershell,
}

/** What `SHELL` may be. */
export const shells: readonly string[] = Object.keys(writers)
