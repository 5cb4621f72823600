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
kills = profile["defaultAction"] == "SCMP_ACT_KILL_PROCESS"
filter = seccomp.SyscallFilter(seccomp.KILL_PROCESS if kills else seccomp.ERRNO(profile["defaultErrnoRet"]))
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

/**
 * The profile as a text that kills the process for what it would only refuse: nothing that is missing goes unnoticed.
 * @param refused calls that are refused all the same
 * @param missing calls to leave out
 */
export function strictProfile(refused: readonly string[], missing: readonly string[] = []): string {
  const profile = readProfile()
  const syscalls = profile.syscalls.map(({ names, ...rest }) => ({
    ...rest,
    names: names.filter((name) => !missing.includes(name)),
  }))
  const asked = { names: refused, action: 'SCMP_ACT_ERRNO', errnoRet: 1 }
  const defaultAction = 'SCMP_ACT_KILL_PROCESS'
  return JSON.stringify({ ...profile, defaultAction, syscalls: [...syscalls, asked] })
}
