/** What the machine allows this process, as far as somebody should know it: too little to serve, or too much to be safe. */
import { url as debuggerUrl } from 'node:inspector'
import type { Logger } from '../observe/logger.ts'

type UserLimits = Readonly<Record<string, { readonly soft?: number | string } | undefined>>

/** Logs a warning for each. @param connections `limits.connections` */
export function warnOfSurroundings(connections: number, logger: Logger): void {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean }
  report.excludeNetwork = true // else it looks up the names of all peers
  const { userLimits = {} } = report.getReport() as { userLimits?: UserLimits }
  warnOfFileLimit(connections, userLimits, logger)
  warnOfMemoryOnDisk(userLimits, logger)
  if (process.getuid?.() === 0) logger.warn('runs as root, and nothing it does needs that')
  if (debuggerUrl() !== undefined)
    logger.warn('a debugger can attach: whoever reaches it can read every password')
}

/** Each client connection needs a second one to a server. */
function warnOfFileLimit(connections: number, limits: UserLimits, logger: Logger): void {
  const soft = Number(limits['open_files']?.soft)
  const needed = connections * 2 + 200
  if (soft < needed) {
    logger.warn(
      { openFiles: soft, needed },
      `limits.connections needs ${needed} open files, the process may have ${soft}: raise ulimit -n`,
    )
  }
}

/** The memory of a proxy holds private keys, and passwords on their way. */
function warnOfMemoryOnDisk(limits: UserLimits, logger: Logger): void {
  const coreDumps = limits['core_file_size_blocks']?.soft
  if (coreDumps !== undefined && coreDumps !== 0)
    logger.warn({ coreDumps }, 'core dumps are on, they would hold keys and passwords: ulimit -c 0')
}
