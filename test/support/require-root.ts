/** Tests that only root can run. */
import type { Test } from 'tap'

/** Says whether this is root. If not, the test is skipped; with CI set it fails. Like `requireProgram`. */
export function requireRoot(t: Test, why: string): boolean {
  if (process.getuid?.() === 0) return true
  const reason = `${why}: run it as root`
  // biome-ignore lint/style/noProcessEnv: build servers announce themselves by this variable
  if (process.env['CI']) t.fail(reason)
  else t.plan(0, reason)
  return false
}
