/** Files of secrets that every user of the machine can read. Those of certificates and of `admin` are judged where they are read. */
import { stat } from 'node:fs/promises'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { Rules } from '../config/rules.ts'

export interface OpenSecret {
  readonly where: KeyPath
  readonly rest: Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>
}

const FOR_OTHERS = 0o006

/** A warning for each, as for private keys. What cannot be looked at is somebody else's complaint. */
export async function findOpenSecrets({
  sessionTickets,
  acme,
}: Pick<Rules, 'sessionTickets' | 'acme'>): Promise<readonly OpenSecret[]> {
  const files: [KeyPath, string | undefined][] = [
    [['sessionTickets', 'secret'], sessionTickets.secretFile],
  ]
  for (const [index, { eab }] of (acme?.authorities ?? []).entries()) {
    const base = index === 0 ? ['acme'] : ['acme', 'fallbacks', index - 1]
    files.push([[...base, 'eab', 'key'], eab?.keyFile])
  }
  const open: OpenSecret[] = []
  for (const [where, file] of files) {
    if (file === undefined || process.platform === 'win32') continue
    const mode = await stat(file).then(
      (found) => found.mode,
      () => 0,
    )
    if ((mode & FOR_OTHERS) === 0) continue
    const message = `every user of this machine can read or change ${file}`
    const hint =
      'chmod 600, owned by the user lyncgate runs as; a Kubernetes secret: defaultMode: 0440 with fsGroup'
    open.push({ where, rest: { severity: 'warning', code: 'key-readable-by-all', message, hint } })
  }
  return open
}
