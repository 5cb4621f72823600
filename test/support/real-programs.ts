/** What the machine must have for the tests with real servers, and what happens when it is missing. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Where programs are looked for and run; Debian keeps servers out of a plain user's path. */
export const programPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Says whether a program (a name, or the absolute path of a file, `*` allowed) is there. If not, the test is
 * skipped with the package to install; with CI set it fails, so that a build never passes by
 * leaving the real servers out. Call it before the first assertion and return when it says false.
 */
export function requireProgram(t: Test, name: string, debianPackage: string): boolean {
  const places = name.startsWith('/')
    ? [name]
    : programPath.split(':').map((directory) => join(directory, name))
  if (globSync(places).length > 0) return true
  const reason = `${name} is missing: apt-get install ${debianPackage}`
  // biome-ignore lint/style/noProcessEnv: build servers announce themselves by this variable
  if (process.env['CI']) t.fail(reason)
  else t.plan(0, reason)
  return false
}
