/** Programs under the seccomp profile of the image, compiled by libseccomp as container runtimes do it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const profilePath = fileURLToPath(new URL('../../docker/seccomp.json', import.meta.url))

interface Rule {
  readonly comment: string
  readonly names: readonly string[]
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO'
}

export interface SeccompProfile {
  readonly defaultAction: string
  readonly syscalls: readonly Rule[]
}

export const readProfile = (): SeccompProfile => JSON.parse(readFileSync(profilePath, 'utf8'))

/** Debian's, which has the package python3-seccomp; another one in the path may not. */
export const PYTHON = '/usr/bin/python3'

/** PROFILE PROGRAM ARGUMENTS…: becomes the program, under the profile and without new privileges. */
const LAUNCHER = `
import json, os, sys, seccomp
profile = json.load(open(sys.argv[1]))
filter = seccomp.SyscallFilter(seccomp.ERRNO(profile["defaultErrnoRet"]))
operators = {"SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ}
def compare(arg):
    values = [arg[key] for key in ("value", "valueTwo") if key in arg]
    return seccomp.Arg(arg["index"], operators[arg["op"]], *values)
for rule in profile["syscalls"]:
    allows = rule["action"] == "SCMP_ACT_ALLOW"
    action = seccomp.ALLOW if allows else seccomp.ERRNO(rule["errnoRet"])
    for name in rule["names"]:
        filter.add_rule(action, name, *map(compare, rule.get("args", [])))
filter.load()
os.execvp(sys.argv[2], sys.argv[2:])
`

/** The words before a command line that put it under a profile; default: the one of the image. */
export const underSeccomp = (profile = profilePath): readonly string[] => [
  PYTHON,
  '-c',
  LAUNCHER,
  profile,
]

/** The words that have strace note every call that fails, of all processes and threads, into a file. */
export const notingFailures = (file: string): readonly string[] =>
  // -D: the program keeps the number of the process that was started, so that signals reach it.
  ['strace', '-D', '-f', '-Z', '-qq', '-e', 'signal=none', '-o', file]

/** Names of the calls that ended with one of these errors, from such a file; each once, sorted. */
export function failedCalls(text: string, errors: readonly string[]): readonly string[] {
  const lines = [...text.matchAll(/^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed).* = -1 (E\w+) /gm)]
  const names = lines.filter(([, , error = '']) => errors.includes(error)).map(([, name]) => name)
  return [...new Set(names)].sort() as string[]
}
